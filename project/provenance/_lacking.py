"""What of the code a patch takes, and what it lacks, in lines for people."""

import os
import re
from pathlib import Path

from project.provenance._git_status import Status
from project.provenance.patch_secrets import FILE, CleanPatch, name_of
from project.provenance.sources import is_source
from project.words.names import some

# Larger untracked files are hardly code; together they must not fill the run's directory.
_LARGEST_FILE = 2**20
_LARGEST_SUM = 10 * 2**20
_POINTER = re.compile(rb"^[ +]version https://git-lfs\.github\.com/", re.MULTILINE)


def choose(top: Path, untracked: list[str]) -> tuple[list[str], list[str]]:
    """Untracked files that go into the patch, and those that do not."""
    taken, left_out, total = [], [], 0
    for name in untracked:
        try:
            size = os.lstat(top / name).st_size
        except FileNotFoundError:
            continue  # an editor's temporary file, gone again
        if is_source(name) and size <= _LARGEST_FILE and total + size <= _LARGEST_SUM:
            taken.append(name)
            total += size
        else:
            left_out.append(name)
    return taken, left_out


def left_out_notes(names: list[str]) -> list[str]:
    if not names:
        return []
    return [f"untracked files not in the patch (no source, or too large): {some(names)}"]


def secret_notes(clean: CleanPatch) -> list[str]:
    notes = []
    if clean.changed:
        names = some(clean.changed)
        notes.append(f"secrets are replaced by *** in the patch, which may not apply to: {names}")
    if clean.left_out:
        notes.append(f"left out of the patch because they hold secrets: {some(clean.left_out)}")
    return notes


def submodule_notes(status: Status) -> list[str]:
    names = some(status.submodules)
    return [f"changes of submodules are not in the patch: {names}"] if names else []


def large_file_notes(patch: bytes) -> list[str]:
    parts = [part for part in FILE.split(patch) if _POINTER.search(part)]
    names = some([name_of(part) for part in parts])
    return [f"of files in Git LFS only the pointers are in the patch: {names}"] if names else []


def absent_notes(names: list[str]) -> list[str]:
    return [f"files of the commit that are not checked out: {some(names)}"] if names else []


def unknown_notes(names: list[str]) -> list[str]:
    why = "files that the commit has in another form, which is not here"
    return [f"{why}: {some(names)}"] if names else []


def nested_notes(names: list[str]) -> list[str]:
    why = "of a repository in this one only the sources are in the patch"
    return [f"{why}: {some(names)}"] if names else []
