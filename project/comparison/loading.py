"""A run as its directory tells it: what was asked, what came out, how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.comparison.progress import best_so_far, curves
from project.provenance import plug_files
from project.provenance.notes import read_notes
from project.provenance.record import read_outcome, read_record
from project.provenance.run import status
from project.provenance.seal import first_change, hash_file
from project.provenance.stages import accepted
from project.run_directory import JOURNAL, PATCH, RECORD, runs_below

_SECTIONS = ("flags", "code", "data", "environment", "model", "scores", "task")


@dataclass(frozen=True)
class KnownRun:
    """A run, readable whatever version of the project recorded it.

    Attributes:
        directory: `<exp-dir>/<exp-name>/<run-id>`.
        record: What `record.json` says; its sections are mappings, empty where it lacks one.
        outcome: What `outcome.json` says; empty before the end.
        status: running, finished, failed, interrupted, pruned or lost.
        best: Scores of the best validation, so far if the run has not ended.
        test: Scores of the test.
        tags: Those given to the run, and those added since.
        note: Written since.
        changed: The file that was changed since the run ended, its record or its outcome.
        damage: What is wrong with the journal of a run that has not ended, in a line.
        stages: What had changed when the run went on, and was accepted; a line for each time.
    """

    directory: Path
    record: dict[str, Any]
    outcome: dict[str, Any]
    status: str
    best: dict[str, Any]
    test: dict[str, float]
    tags: list[str]
    note: str
    changed: str | None = None
    damage: str | None = None
    stages: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        return str(self.record.get("run_id") or self.directory.name)

    @property
    def scores(self) -> dict[str, float]:
        """Validation scores of the best epoch, then test scores, by name."""
        return {**self.best.get("metrics", {}), **self.test}


def load(directory: Path) -> KnownRun:
    """Read a run.

    Raises:
        ValueError: a file is damaged, or written by a newer version; the message names it.
        OSError: a file can't be read.
    """
    try:
        return _load(directory)
    except (RecursionError, OverflowError) as error:
        raise ValueError(f"{directory} is damaged: {error}") from None


def _load(directory: Path) -> KnownRun:
    record = prepared(read_record(directory, whole=False))
    now = status(directory)
    # A run that goes on again has no outcome; one that ends just now gets it after `status` looked.
    outcome = None if now in ("running", "lost") else read_outcome(directory)
    best, damage = dict((outcome or {}).get("best") or {}), None
    if not outcome:
        monitor = str(record["flags"].get("monitor", "val_loss"))
        best, damage = best_so_far(directory, monitor, record["scores"])
    best["metrics"] = numbers(best.get("metrics") or {})
    test = numbers((outcome or {}).get("test") or {})
    notes = read_notes(directory)
    tags = [str(tag) for tag in (*_list(record.get("tags")), *_list(notes["tags"]))]
    return KnownRun(
        directory,
        record,
        outcome or {},
        now,
        best,
        test,
        list(dict.fromkeys(tags)),
        notes["note"],
        first_change(directory, outcome) if outcome else None,
        damage,
        tuple(accepted(directory)),
    )


def prepared(record: dict[str, Any]) -> dict[str, Any]:
    """The record, of which each section that a comparison looks into is at least an empty one."""
    return record | {name: record.get(name) or {} for name in _SECTIONS}


def load_all(exp_dir: Path) -> tuple[list[KnownRun], list[str]]:
    """All readable runs below `exp_dir`, newest first, and a line for each that can't be read."""
    runs, problems = [], []
    for directory in runs_below(exp_dir):
        try:
            runs.append(load(directory))
        except (ValueError, OSError) as error:
            problems.append(told(error, directory / RECORD))
    return sorted(runs, key=lambda run: run.run_id, reverse=True), sorted(problems)


def told(error: ValueError | OSError, path: Path) -> str:
    """Why a run can't be read, in a line that names a file."""
    if isinstance(error, OSError):
        return f"{error.filename or path}: {error.strerror}"
    return str(error)


def check_unchanged(run: KnownRun) -> None:
    """Refuse a run whose record, outcome or code is not what it was: a comparison would mislead.

    Raises:
        ValueError: it was changed; the message names the file.
    """
    if run.changed:
        raise ValueError(f"{run.directory / run.changed} was changed after the run had written it")
    plug_files.read(run.directory, plug_files.described(run.record, run.outcome))
    code, patch = run.record["code"], run.directory / PATCH
    if not code.get("patch"):
        return
    if not patch.is_file():
        raise ValueError(f"{patch} is missing")
    if hash_file(patch).removeprefix("blake3:") != code.get("patch_blake3"):
        raise ValueError(f"{patch} was changed after the run had written it")


def journal_damage(run: KnownRun) -> str | None:
    """What is wrong with a run's journal, in a line; None where it is as the run has left it."""
    path = run.directory / JOURNAL
    known = (run.outcome.get("files") or {}).get(JOURNAL)
    if not run.outcome or not (known or path.exists()):
        return run.damage
    if not path.exists():
        return f"{path} is missing"
    if hash_file(path) == known:
        return None
    try:
        curves(run.directory)
    except ValueError as error:
        return str(error)
    return known and f"{path} was changed after the run had written it"


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among `values`, which JSON may hold as the texts nan, inf and -inf."""
    found = {}
    for name, value in values.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[name] = float(value)
        elif value in ("nan", "inf", "-inf"):
            found[name] = float(value)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
