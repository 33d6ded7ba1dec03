"""What files have that a commit lacks, as a patch that git itself writes."""

import os
import shutil
import tempfile
from pathlib import Path

from project.provenance._git import git

# Git knows the empty tree of each hash function without it being stored.
EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_DIFF = (
    "diff --binary --full-index --no-color --no-ext-diff --no-textconv --no-relative --unified=3"
    " --inter-hunk-context=0 --find-renames --ignore-submodules=all --src-prefix=a/ --dst-prefix=b/"
).split()
_ADD = ("update-index", "-z", "--index-info")
# Where there is no repository, no setting of a person says how files are stored in one.
_AS_THEY_ARE = ("-c", "core.autocrlf=false", "-c", "core.attributesFile=/dev/null")


def difference(top: Path, base: str, untracked: list[str]) -> bytes:
    """Everything in the repository at `top` that differs from the commit `base`.

    Untracked files are named in a copy of the index, so that git itself writes their part; the
    repository is left as it was, and no object is stored.

    Raises:
        GitError: git can't tell.
    """
    if not untracked:
        return git(top, *_DIFF, base, "--")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        path = git(top, "rev-parse", "--git-path", "index").removesuffix(b"\n")
        original = top / os.fsdecode(path)
        if original.exists():
            # With its time: by it git tells files changed in the index's own second.
            shutil.copy2(original, index)
        git(top, *_ADD, index=index, stdin=_entries(untracked, len(base)))
        return git(top, *_DIFF, base, "--", index=index)


def from_nothing(root: Path, files: list[str]) -> bytes:
    """The patch that makes an empty folder hold these files of `root`; it needs no repository.

    Raises:
        GitError: git is not installed, or can't tell.
    """
    with tempfile.TemporaryDirectory() as folder:
        git(Path(folder), "init", "--quiet", "--template=", "--object-format=sha1")
        place = (f"--git-dir={folder}/.git", "--work-tree=.", *_AS_THEY_ARE)
        git(root, *place, *_ADD, stdin=_entries(files, 40))
        return git(root, *place, *_DIFF, EMPTY_TREE["sha1"], "--")


def _entries(files: list[str], length: int) -> bytes:
    # Any object will do: the entry has no file times, so git reads the file.
    line = f"100644 {'1' * length} 0\t".encode()
    return b"".join(line + os.fsencode(name) + b"\0" for name in files)
