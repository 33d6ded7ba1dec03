"""The files of one commit, packed to be taken to where its repository is not, and out again.

The pack holds git's own objects, so the commit's hash, which a run's record has, proves them; it
does not prove the copies in which secrets are masked.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from project.files import write_atomic
from project.provenance.git import GitError, git
from project.provenance.patch_secrets import has_secret
from project.provenance.redact import Redactor
from project.run_directory import MASKED, PACK
from project.words.names import some

# Code is small; data that was committed must not fill the archive.
_LARGEST_FILE = 10 * 2**20
_LARGEST_SUM = 100 * 2**20


class _Entry(NamedTuple):
    mode: str
    kind: str
    object: str
    size: int
    path: str


def pack_commit(repository: Path, sha: str, folder: Path, redactor: Redactor) -> list[str]:
    """Write the files of the commit `sha` below `folder`: `commit.pack`, and `masked/`.

    Files with secrets are not in the pack but, as far as they are text, below `masked/` with `***`
    in place of those.

    Returns:
        What is not in it, a line each.
    Raises:
        GitError: the commit is not here, its message holds a secret, or git can't tell.
        OSError: the folder can't be written.
    """
    if has_secret(git(repository, "cat-file", "commit", sha), redactor):
        raise GitError(f"the message of commit {sha[:12]} holds a secret")
    entries = _entries(repository, sha)
    files = [entry for entry in entries if entry.kind == "blob"]
    taken, too_large = _within_limits(files)
    clean, masked, secret = _without_secrets(repository, taken, redactor)
    tree = git(repository, "rev-parse", f"{sha}^{{tree}}").decode().strip()
    trees = [entry.object for entry in entries if entry.kind == "tree"]
    wanted = dict.fromkeys([sha, tree, *trees, *clean])
    pack = git(
        repository, "pack-objects", "--quiet", "--stdout", stdin="\n".join(wanted).encode() + b"\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / PACK, pack)
    for name, content in masked.items():
        path = folder / MASKED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    lacking = {
        "too large": [entry.path for entry in too_large],
        "binary, with secrets": secret,
        "submodules": [entry.path for entry in entries if entry.kind == "commit"],
    }
    notes = [
        f"not in the archive ({why}): {some(names)}" for why, names in lacking.items() if names
    ]
    return notes + ([f"secrets are replaced by *** in: {some(list(masked))}"] if masked else [])


def is_packed(folder: Path) -> bool:
    """Whether `pack_commit` wrote to `folder`."""
    return (folder / PACK).is_file()


def is_packed_name(name: str) -> bool:
    """Whether `pack_commit` may write a file of this name, relative to its folder."""
    return name == PACK or name.startswith(f"{MASKED}/")


def unpack_commit(folder: Path, repository: Path) -> None:
    """Add the objects that `pack_commit` wrote to `folder` to a repository.

    Raises:
        GitError: the pack is damaged.
    """
    git(repository, "index-pack", "--stdin", stdin=(folder / PACK).read_bytes())


def _entries(repository: Path, sha: str) -> list[_Entry]:
    # --full-tree: also from a folder of the repository.
    listed = git(repository, "ls-tree", "-r", "-t", "-z", "--long", "--full-tree", sha)
    found = []
    for line in os.fsdecode(listed).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, kind, name, size = about.split()
        found.append(_Entry(mode, kind, name, 0 if size == "-" else int(size), path))
    return found


def _within_limits(files: list[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    taken, too_large, total = [], [], 0
    for entry in files:
        if entry.size <= _LARGEST_FILE and total + entry.size <= _LARGEST_SUM:
            taken.append(entry)
            total += entry.size
        else:
            too_large.append(entry)
    return taken, too_large


def _without_secrets(
    repository: Path, files: list[_Entry], redactor: Redactor
) -> tuple[list[str], dict[str, bytes], list[str]]:
    """Objects without secrets, masked texts by path, and paths of binary files with secrets."""
    clean, masked, secret = [], {}, []
    for entry, content in zip(files, _contents(repository, files), strict=True):
        if not has_secret(content, redactor):
            clean.append(entry.object)
        elif b"\0" in content:
            secret.append(entry.path)
        else:
            masked[entry.path] = redactor.redact_bytes(content)
    return clean, masked, secret


def _contents(repository: Path, files: list[_Entry]) -> Iterator[bytes]:
    asked = "".join(f"{entry.object}\n" for entry in files).encode()
    answer, at = git(repository, "cat-file", "--batch", stdin=asked), 0
    for entry in files:
        # Each content has a line before it, and ends with one more newline.
        start = answer.index(b"\n", at + 1) + 1
        at = start + entry.size
        yield answer[start:at]
