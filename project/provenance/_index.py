"""A copy of the index that takes git's word for nothing: without its flags and file times."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from project.provenance.git import git
from project.provenance.sources import is_source

ADD = ("update-index", "-z", "--index-info")


class Index(NamedTuple):
    """The copy.

    Attributes:
        path: of its file.
        names: of the tracked files, relative to the repository's top.
        links: those of them that are symbolic links.
        absent: those that are not there and that git was told not to miss (a sparse checkout).
        unknown: those that git was told not to look at, and can't: the repository lacks them.
    """

    path: Path
    names: frozenset[str]
    links: list[str]
    absent: list[str]
    unknown: list[str]


class _Entry(NamedTuple):
    tag: str
    mode: str
    object: str
    stage: str
    name: str


@contextmanager
def honest_index(top: Path, index: Path, folder: str) -> Iterator[Index]:
    """Copy the `index` of the repository at `top`, so that git looks at all sources in `folder`.

    Files whose changes git was told not to look for (`--assume-unchanged`, `--skip-worktree`) are
    compared like all others, and of sources neither size nor time stands for the content.

    Raises:
        GitError: git can't tell.
    """
    entries = _entries(top)
    skipped = [entry for entry in entries if entry.tag in "Ss"]
    absent = {entry.name for entry in skipped if not os.path.lexists(top / entry.name)}
    unknown = _missing(top, [entry for entry in skipped if entry.name not in absent])
    again = [
        f"{e.mode} {e.object} {e.stage}\t{e.name}\0"
        for e in entries
        if e.stage == "0" and (e.tag != "H" or _is_in(folder, e.name))
        if e.name not in absent and e.name not in unknown
    ]
    links = [entry.name for entry in entries if entry.mode == "120000"]
    names = frozenset(entry.name for entry in entries)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "index")
        if index.exists():
            # With its time: by it git tells files changed in the index's own second.
            shutil.copy2(index, copy)
        git(top, *ADD, index=copy, stdin=os.fsencode("".join(again)))
        yield Index(copy, names, links, sorted(absent), sorted(unknown))


def _entries(top: Path) -> list[_Entry]:
    listed = os.fsdecode(git(top, "ls-files", "--stage", "-v", "-z")).split("\0")[:-1]
    pairs = (line.split("\t", 1) for line in listed)
    return [_Entry(*about.split(" "), name) for about, name in pairs]


def _missing(top: Path, entries: list[_Entry]) -> set[str]:
    """Names of what the repository lacks the objects of."""
    if not entries:
        return set()
    asked = "".join(f"{entry.object}\n" for entry in entries).encode()
    answers = git(top, "cat-file", "--batch-check", stdin=asked).decode().splitlines()
    pairs = zip(entries, answers, strict=True)
    return {entry.name for entry, answer in pairs if answer.endswith(" missing")}


def _is_in(folder: str, name: str) -> bool:
    return (folder == "." or name.startswith(f"{folder}/")) and is_source(name)
