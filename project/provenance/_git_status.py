"""What `git status` says, parsed."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from project.provenance.git import git


@dataclass
class Status:
    """A working tree against its commit.

    Attributes:
        sha: The commit; None before the first.
        branch: None with a detached HEAD.
        changed: Paths of tracked files that differ from the commit.
        untracked: Paths of files that are neither tracked nor ignored, relative to the top; of a
            repository in this one, its folder with a slash.
        ignored: Paths of what is ignored; of a whole folder, itself with a slash.
        submodules: Paths of submodules that differ from the commit.
    """

    sha: str | None = None
    branch: str | None = None
    changed: list[str] = field(default_factory=list)
    untracked: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    submodules: list[str] = field(default_factory=list)


def read_status(top: Path, index: Path) -> Status:
    """The state of the repository whose top folder is `top`, by this index file.

    Raises:
        GitError: git can't tell.
    """
    output = git(
        top,
        *("status", "--porcelain=v2", "--branch", "-z", "--no-ahead-behind"),
        *("--untracked-files=all", "--ignored=matching", "--ignore-submodules=none", "--renames"),
        index=index,
    )
    status = Status()
    entries = iter(os.fsdecode(output).split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            _read_header(status, *rest.split(" ", 1))
        elif kind == "?":
            status.untracked.append(rest)
        elif kind == "!":
            status.ignored.append(rest)
        elif kind in ("1", "2", "u"):
            _read_change(status, kind, entry)
            if kind == "2":
                next(entries)  # the name before
    return status


def _read_header(status: Status, name: str, value: str) -> None:
    if name == "branch.oid" and value != "(initial)":
        status.sha = value
    elif name == "branch.head" and value != "(detached)":
        status.branch = value


def _read_change(status: Status, kind: str, entry: str) -> None:
    """Fields by kind: `1 XY sub mH mI mW hH hI path`; 2 has one more, u two."""
    fields = entry.split(" ", {"1": 8, "2": 9, "u": 10}[kind])
    status.changed.append(fields[-1])
    if fields[2].startswith("S"):
        status.submodules.append(fields[-1])
