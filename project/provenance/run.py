"""A run on disk: made before training, a record that never changes, and an outcome at every end."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.files import finite, read_json, sync_folder, write_atomic, write_json
from project.provenance import plug_files, runs_csv, schema, seal
from project.provenance._creation import iso, new_directory
from project.provenance._lock import RunLock, is_locked
from project.provenance._outcome import make_outcome
from project.provenance.later import Later
from project.provenance.record import read_record
from project.provenance.seal import file_hashes, protect, write_outcome
from project.run_directory import (
    FORMER_OUTCOME,
    MANIFEST,
    OUTCOME,
    PATCH,
    RECORD,
    REQUIREMENTS,
    SPLITS,
)

# Of these nothing goes on: what a run came to is settled.
SETTLED = ("finished", "pruned")
ENDS = (*SETTLED, "failed", "interrupted")


def status(directory: Path) -> str:
    """How the run in `directory` is: running, one of `ENDS`, or lost (killed).

    Raises:
        ValueError: its outcome is damaged.
    """
    if is_locked(directory):
        return "running"
    with suppress(FileNotFoundError):
        return read_json(directory / OUTCOME, "status")["status"]
    return "lost"


class Run:
    """A run that this process carries out; its lock tells others so while the process lives.

    Attributes:
        directory: `<exp-dir>/<exp-name>/<run-id>`.
        record: What `record.json` says.
    """

    def __init__(self, directory: Path, record: dict[str, Any], lock: RunLock) -> None:
        """Use `create` or `reopen`."""
        self.directory = directory
        self.record = record
        self._lock = lock
        self._began = time.monotonic()
        self._earlier = 0.0  # seconds of the sessions before a resumption
        self._later = Later()  # what those imported after the record was written

    @classmethod
    def create(
        cls,
        exp_dir: Path,
        exp_name: str,
        record: Mapping[str, Any],
        *,
        patch: bytes | None,
        requirements: str,
        manifest: bytes | None = None,
        splits: bytes | None = None,
        plugs: Mapping[str, bytes] | None = None,
    ) -> "Run":
        """Make the directory of a new run, its files written through to disk.

        Args:
            exp_dir: Holds all experiments; made if missing.
            exp_name: The folder below it.
            record: Of `make_record`; the run's id and time, and the manifest's hash, are added.
            patch: Of the code state.
            requirements: Of `lock_text`.
            manifest: Of the data's files, encoded; None if there are none.
            splits: Which samples are in which split, encoded; None if that is not recorded.
            plugs: Files of plugs from outside, by name; see `plug_files.contents`.
        Raises:
            OSError: it can't be written; nothing is left behind.
            ValueError: `runs.csv` is damaged, or the name holds a secret; nothing is left behind.
        """
        if record["exp_name"] != exp_name:
            raise ValueError(
                "--exp-name holds a secret, and would be a folder's name; give another"
            )
        digest = blake3(manifest).hexdigest() if manifest else None
        files = {PATCH: patch, MANIFEST: manifest, SPLITS: splits}
        with new_directory(exp_dir / exp_name) as (now, directory, lock):
            named = {**record, "manifest_blake3": digest}
            run = cls(directory, _identified(named, directory.name, now), lock)
            run._write(requirements, {k: v for k, v in files.items() if v} | dict(plugs or {}))
            run._update_csv("running", None)
        return run

    @classmethod
    def reopen(cls, directory: Path) -> "Run":
        """Go on with a run that stopped; its outcome is set aside until the next one.

        Raises:
            ValueError: there is no run, it still goes on in another process, or a file is damaged.
            OSError: the directory can't be written.
        """
        record = read_record(directory)
        run = cls(directory, record, RunLock(directory))
        try:
            seal.remove_leftovers(directory)
            with suppress(FileNotFoundError):
                (directory / OUTCOME).replace(directory / FORMER_OUTCOME)
            with suppress(FileNotFoundError):
                previous = read_json(directory / FORMER_OUTCOME, "duration")
                if fault := schema.OUTCOME.fault(previous, whole=False):
                    raise ValueError(f"{directory / OUTCOME} is damaged: {fault}")
                run._earlier = float(previous["duration"])
                run._later = Later.of(directory, previous)
            run._update_csv("running", None)
        except BaseException:
            run.release()
            raise
        return run

    @property
    def run_id(self) -> str:
        return self.directory.name

    def finish(
        self,
        status: str,
        *,
        error: str | None = None,
        best: Mapping[str, Any] | None = None,
        test: Mapping[str, Any] | None = None,
        epochs: int,
        steps: int,
        weights: Mapping[str, str] | None = None,
        later: Later | None = None,
    ) -> None:
        """Write how the run ended, let go of its lock, and bring its row in `runs.csv` up to date.

        Args:
            status: finished, pruned (a sweep has given it up), failed or interrupted.
            error: Why it failed or was pruned, in a line.
            best: `{"epoch", "step", "monitor", "value", "metrics"}` of the best checkpoint.
            test: Test metrics by name.
            epochs: Completed.
            steps: Optimizer steps done.
            weights: Hashes of the weights alone in each checkpoint, which equal runs share.
            later: What was imported after the record was written.
        Raises:
            OSError: the outcome or `runs.csv` can't be written.
            ValueError: `runs.csv` is damaged; the outcome is written.
        """
        assert status in ENDS, status
        later = self._later.with_more(later)
        self._write_files(plug_files.contents(later.plugs))
        outcome = make_outcome(
            self.record,
            file_hashes(self.directory),
            status,
            error=error,
            duration=self._earlier + time.monotonic() - self._began,
            best=best,
            test=test,
            epochs=epochs,
            steps=steps,
            weights=weights or {},
            later=later,
        )
        try:
            write_outcome(self.directory, outcome)
            if status in SETTLED:
                protect(self.directory)
            (self.directory / FORMER_OUTCOME).unlink(missing_ok=True)
            self._update_csv(status, outcome)
        finally:
            self._lock.release()

    def release(self) -> None:
        """Let go of a reopened run before anything was done: its former outcome holds again."""
        outcome, path = None, self.directory / OUTCOME
        with suppress(FileNotFoundError):
            (self.directory / FORMER_OUTCOME).replace(path)
            outcome = read_json(path, "status")
        # On a full disk, or beside a damaged table; the next run's corrects the row.
        with suppress(OSError, ValueError):
            self._update_csv(outcome["status"] if outcome else "lost", outcome)
        self._lock.release()

    def _write(self, requirements: str, files: Mapping[str, bytes]) -> None:
        self._write_files(files)
        write_atomic(self.directory / REQUIREMENTS, requirements)
        # Last: a directory with a record is a run.
        write_json(self.directory / RECORD, self.record)
        sync_folder(self.directory.parent)

    def _write_files(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.directory / name, content)

    def _update_csv(self, status: str, outcome: Mapping[str, Any] | None) -> None:
        exp_dir = self.directory.parents[1]
        row = runs_csv.make_row(self.record, outcome, status)
        runs_csv.update(exp_dir, finite(row), lambda other: _find_lost(exp_dir, other))


def _identified(record: Mapping[str, Any], run_id: str, now: datetime) -> dict[str, Any]:
    rest = {k: v for k, v in record.items() if k not in ("schema", "exp_name")}
    first = {"schema": record["schema"], "run_id": run_id, "exp_name": record["exp_name"]}
    return first | {"created": iso(now)} | rest


def _find_lost(exp_dir: Path, row: dict[str, str]) -> None:
    """A killed run can't say so in its row; the next one does."""
    if row.get("status") == "running":
        with suppress(ValueError):
            row["status"] = status(exp_dir / row["exp_name"] / row["run_id"])
