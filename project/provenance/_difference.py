"""What files have that a commit lacks, as a patch that git itself writes."""

import os
from pathlib import Path

from project.provenance._index import ADD
from project.provenance.git import git

# Git knows the empty tree of each hash function without it being stored.
EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_DIFF = (
    "diff --binary --full-index --no-color --no-ext-diff --no-textconv --no-relative --unified=3"
    " --inter-hunk-context=0 --find-renames --ignore-submodules=all --src-prefix=a/ --dst-prefix=b/"
).split()


def difference(top: Path, base: str, untracked: list[str], index: Path) -> bytes:
    """Everything in the repository at `top` that differs from the commit `base`.

    Args:
        top: the repository's top.
        base: the commit.
        untracked: files to name in the index, so that git itself writes their part.
        index: a copy of the repository's; the repository is left as it was, no object is stored.
    Raises:
        GitError: git can't tell.
    """
    if untracked:
        git(top, *ADD, index=index, stdin=_entries(untracked, len(base)))
    return git(top, *_DIFF, base, "--", index=index)


def _entries(files: list[str], length: int) -> bytes:
    # Any object will do: the entry has no file times, so git reads the file.
    line = f"100644 {'1' * length} 0\t".encode()
    return b"".join(line + os.fsencode(name) + b"\0" for name in files)
