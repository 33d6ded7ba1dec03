"""What happened to the files of the data between runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from project.comparison.loading import KnownRun
from project.provenance import manifest
from project.provenance.data_changes import changes
from project.provenance.seal import hash_file
from project.run_directory import MANIFEST

# Bytes that a manifest may unpack to, some 2.5 million files: on a server it is anybody's.
LARGEST = 2**28


def compare_files(runs: Sequence[KnownRun], labels: Sequence[str]) -> dict[str, Any]:
    """The runs' manifests, and what happened from the first of a data set to each other one.

    Returns:
        `manifests` (by run a hash, or None where there is none), `changes` (`from`, `to`, `lines`
        each) and `problems`, a line for each manifest that is damaged.
    """
    paths = [run.directory / MANIFEST for run in runs]
    hashes = [hash_file(path) if path.is_file() else None for path in paths]
    firsts: dict[str, int] = {}
    found, problems = [], []
    for index, run in enumerate(runs):
        if hashes[index] is None or hashes[index] in hashes[:index]:
            continue
        first = firsts.setdefault(str(run.record["data"].get("name")), index)
        if first != index:
            ends = {"from": _having(first, hashes, labels), "to": _having(index, hashes, labels)}
            try:
                found.append(ends | {"lines": _changes(paths[first], paths[index])})
            except ValueError as error:
                problems.append(f"the files of {run.run_id} can't be compared: {error}")
    return {"manifests": hashes, "changes": found, "problems": problems}


def _having(index: int, hashes: Sequence[str | None], labels: Sequence[str]) -> list[str]:
    return [label for label, other in zip(labels, hashes, strict=True) if other == hashes[index]]


def _changes(then: Path, now: Path) -> list[str]:
    return changes(*(manifest.decode(path.read_bytes(), LARGEST) for path in (then, now)))
