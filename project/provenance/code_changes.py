"""Which files differ between a recorded state of the code and the present one, by name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.provenance.code import CodeState
from project.provenance.git import GitError, git
from project.provenance.patch_secrets import FILE, name_of


def edited_files(
    then: Mapping[str, Any], patch: bytes, now: CodeState, root: Path
) -> list[str] | None:
    """The files, named from the repository's top, that may be others than they were.

    A change that has been committed since counts as one: commits and patches alone are compared.

    Args:
        then: the record's `code`.
        patch: what its commit lacked.
        now: the present state.
        root: the folder that holds `project/`.

    Returns:
        Their names, sorted; None if they are others but can't be named: the commit is not here.
    """
    before, after = _parts(patch), _parts(now.patch or b"")
    found = {name for name in before | after if before.get(name) != after.get(name)}
    if then["sha"] != now.sha:
        if then["sha"] is None or now.sha is None:
            return None
        try:
            told = git(root, "diff", "--name-only", "--no-renames", "-z", then["sha"], now.sha)
        except GitError:
            return None
        found |= set(os.fsdecode(told).split("\0")[:-1])
    if not found and then["source_blake3"] != now.source_blake3:
        return None
    return sorted(found)


def _parts(patch: bytes) -> dict[str, bytes]:
    """What a patch does to each file, by its name."""
    parts = [part for part in FILE.split(patch) if part.startswith(b"diff --git ")]
    return {name_of(part): part for part in parts}
