"""What a recorded run says: its record, every value it logged, and the hash of its weights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.provenance import manifest, plug_files
from project.provenance.plug_files import PlugFile
from project.provenance.record import read_outcome, read_record
from project.provenance.seal import changes
from project.provenance.stages import accepted
from project.run_directory import JOURNAL, PATCH, best, last
from project.tracking.records import read_all

# What a clock measures is never the same twice.
MEASURED = ("samples_per_second",)


@dataclass(frozen=True)
class Recorded:
    """One run, as it was recorded.

    Attributes:
        run_id: of the run.
        record: content of `record.json`.
        outcome: content of `outcome.json`; None if the run never ended.
        patch: what its code had that its commit lacks; None if nothing.
        points: (epoch, value) of each value logged, by (metric, step), in the order logged.
        manifest: hash of each file of its data, by name; None if they had none of their own.
        plugs: files of plugs from outside, by their names below the run's `plugs/`.
        stages: what changed before it went on, a line for each time; a repetition does without.
    """

    run_id: str
    record: dict[str, Any]
    outcome: dict[str, Any] | None
    patch: bytes | None
    points: dict[tuple[str, int], tuple[int, float]]
    manifest: dict[str, str] | None = None
    stages: tuple[str, ...] = ()
    plugs: dict[str, PlugFile] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """How it ended; lost if it never did."""
        return self.outcome["status"] if self.outcome else "lost"

    @property
    def epochs(self) -> int | None:
        """How many it logged values of, the last perhaps not whole; None if that is unknown."""
        epochs = [epoch for epoch, _ in self.points.values()]
        # A run fetched from MLflow does not know its epochs.
        return None if -1 in epochs else max(epochs, default=-1) + 1

    @property
    def whole_epochs(self) -> int | None:
        """How many it ended and validated; None if that is unknown."""
        epochs = {epoch for (name, _), (epoch, _) in self.points.items() if name[:4] == "val_"}
        if -1 in epochs:
            return self.outcome and self.outcome.get("epochs")
        return len(epochs)

    @property
    def weights(self) -> dict[str, str]:
        """Hashes of the checkpoints' weights, by file name."""
        return (self.outcome or {}).get("weights") or {}


def read_run(directory: Path, only: Collection[str] | None = None) -> Recorded:
    """Read the run in `directory`.

    Args:
        directory: of the run.
        only: the files to verify, where a copy of the run has no others; None: all of them.
    Raises:
        ValueError: a file of it was changed, is damaged, or is missing, unless it is a checkpoint.
    """
    record, outcome = read_record(directory), read_outcome(directory)
    if outcome is not None and "seal" in outcome:
        # Weights are compared by the hashes in the outcome; an archive may have come without them.
        gone = {
            f"{path.relative_to(directory)} is missing"
            for path in (best(directory), last(directory))
        }
        if found := [line for line in changes(directory, only) if line not in gone]:
            raise ValueError(f"run {directory.name} is not what it was: {'; '.join(found)}")
    return Recorded(
        record["run_id"],
        record,
        outcome,
        _patch(directory, record["code"]),
        _points(directory / JOURNAL),
        manifest.read(directory),
        tuple(accepted(directory)),
        plug_files.read(directory, plug_files.described(record, outcome)),
    )


def _points(journal: Path) -> dict[tuple[str, int], tuple[int, float]]:
    return {
        (name, record["step"]): (record["epoch"], value)
        for records in read_all(journal)
        for record in records
        for name, value in record["metrics"].items()
        if name not in MEASURED
    }


def _patch(directory: Path, code: dict[str, Any]) -> bytes | None:
    if code["patch"] is None:
        return None
    path = directory / PATCH
    if not path.exists():
        raise ValueError(f"run {directory.name} lacks its {PATCH}")
    patch = path.read_bytes()
    if blake3(patch).hexdigest() != code["patch_blake3"]:
        raise ValueError(f"{path} is not the patch that was recorded")
    return patch
