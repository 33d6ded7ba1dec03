"""The masked copies in an archive, which stand for files of the commit that hold secrets."""

import os
from itertools import zip_longest
from pathlib import Path

from project.provenance.git import GitError, git
from project.provenance.redact import MASK
from project.run_directory import MASKED


def restore_masked(folder: Path, repository: Path) -> tuple[list[str], list[str]]:
    """Let the index do without the files that are not here; their masked copies are put there.

    Returns:
        Names of the files that are masked copies now, and of those that there is no copy of.
    Raises:
        GitError: the index can't be read or written.
    """
    missing = _missing(repository)
    names = b"".join(os.fsencode(name) + b"\0" for name in missing)
    git(repository, "update-index", "--skip-worktree", "-z", "--stdin", stdin=names)
    masked, lacking = [], []
    for name in missing:
        copy, path = folder / MASKED / name, repository / name
        if copy.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(copy.read_bytes())
        (masked if copy.is_file() else lacking).append(name)
    return masked, lacking


def altered_copies(folder: Path, repository: Path) -> list[str]:
    """Masked copies that differ by more than masks from the index's files, where those are here.

    Raises:
        GitError: the index can't be read.
    """
    copies = folder / MASKED
    if not copies.is_dir():
        return []
    altered, missing = [], set(_missing(repository))
    for copy in sorted(path for path in copies.rglob("*") if path.is_file()):
        name = copy.relative_to(copies).as_posix()
        if name not in missing and not _is_masked(copy.read_bytes(), _blob(repository, name)):
            altered.append(name)
    return altered


def _blob(repository: Path, name: str) -> bytes:
    try:
        return git(repository, "cat-file", "blob", f":{name}")
    except GitError:
        return b""  # the commit has no such file


def _is_masked(copy: bytes, original: bytes) -> bool:
    """Whether the copy is the original but for masks, line by line."""
    pairs = list(zip_longest(copy.split(b"\n"), original.split(b"\n")))
    return all(None not in pair and _is_masked_line(*pair) for pair in pairs)


def _is_masked_line(copy: bytes, original: bytes) -> bool:
    first, *others = copy.split(MASK.encode())
    if not others:
        return copy == original
    if not original.startswith(first):
        return False
    at = len(first)
    for piece in others[:-1]:
        at = original.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return original.endswith(others[-1]) and at <= len(original) - len(others[-1])


def _missing(repository: Path) -> list[str]:
    """Paths in the index whose content the repository lacks."""
    listed = os.fsdecode(git(repository, "ls-files", "--stage", "-z")).split("\0")[:-1]
    files = []
    for line in listed:
        about, _, path = line.partition("\t")
        mode, name, _ = about.split()
        if mode != "160000":
            files.append((name, path))
    asked = "".join(f"{name}\n" for name, _ in files).encode()
    answers = git(repository, "cat-file", "--batch-check", stdin=asked).decode().splitlines()
    pairs = zip(files, answers, strict=True)
    return [path for (_, path), answer in pairs if answer.endswith(" missing")]
