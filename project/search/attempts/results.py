"""What came of an attempt, as its run's directory tells: it knows better than an exit code."""

import math
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.provenance.record import read_outcome, read_record
from project.run_directory import JOURNAL
from project.search.values import (
    COMPLETE,
    FAILED,
    MEASURES,
    PRUNED,
    WAITING,
    Objective,
    Result,
    Rules,
)
from project.tracking.records import read_all

INTERRUPTED = "interrupted"  # the reason of what a signal has ended in order


def read_result(run_dir: Path | None, rules: Rules, code: int | None) -> Result:
    """What came of a job; its state is WAITING where the run is to be resumed, or begun again.

    A trial's scores are those of its best epoch by `--monitor`, whose weights it has kept. A test's
    scores are measures, by their names; it has no others.

    Args:
        run_dir: of its run; None: it did not get as far as that.
        rules: of the sweep.
        code: the exit code of its process, or the signal that killed it, negative; None: nobody
            knows.
    Raises:
        ValueError: the run's files are damaged.
        OSError: they can't be read.
    """
    if run_dir is None:
        if code is None or code < 0 or code > 128:
            return Result(WAITING, reason=how_it_died(code))
        return Result(FAILED, reason=f"it ended with exit code {code} before it had a run")
    outcome = read_outcome(run_dir)
    if outcome is None or outcome["status"] == "interrupted":
        why = INTERRUPTED if outcome else how_it_died(code)
        return Result(WAITING, reason=why, run=run_dir.name)
    kept: dict[str, Any] = {
        "run": run_dir.name,
        "seconds": float(outcome["duration"]),
        "intermediate": by_epoch(run_dir / JOURNAL, rules.objectives[0].name),
        "measures": _measures(run_dir, outcome, rules),
    }
    if outcome["status"] == "failed":
        return Result(FAILED, reason=outcome.get("error") or "it failed", **kept)
    if outcome["status"] == "pruned":
        seen = list(kept["intermediate"].values())[-1:]
        return Result(PRUNED, tuple(seen), reason=outcome.get("error") or "", **kept)
    if not outcome.get("best"):
        return Result(COMPLETE, **kept)  # a test alone
    scores, faults = _scores(outcome["best"]["metrics"], rules.objectives)
    if faults:
        return Result(FAILED, reason="; ".join(faults), **kept)
    return Result(COMPLETE, scores, **kept)


def errors_in(said: str) -> list[str]:
    """The mistakes that a process has told of in what it said."""
    prefix = "error: "
    return [line.removeprefix(prefix) for line in said.splitlines() if line.startswith(prefix)]


def told_last(said: str) -> list[str]:
    """The same, or the last line of a process that has told of none."""
    return errors_in(said) or said.splitlines()[-1:]


def how_it_died(code: int | None) -> str:
    """In words, of an exit code or a signal's number, negative."""
    if code is None:
        return "its process is gone"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _scores(
    found: Mapping[str, Any], objectives: tuple[Objective, ...]
) -> tuple[tuple[float, ...], list[str]]:
    """The scores of the objectives; and what is wrong with them, a line each."""
    known = {each.name: float(found[each.name]) for each in objectives if each.name in found}
    faults = [f"{each.name} is not measured" for each in objectives if each.name not in known]
    faults += [f"{name} is NaN" for name, value in known.items() if math.isnan(value)]
    return tuple(known.values()), faults


def _measures(run_dir: Path, outcome: Mapping[str, Any], rules: Rules) -> dict[str, float]:
    """What the constraints ask for, as far as it is known; and a test's scores."""
    record = read_record(run_dir)
    best = (outcome.get("best") or {}).get("metrics") or {}
    facts = (record["model"]["n_parameters"], outcome["duration"], outcome["epochs"])
    known = {**best, **dict(zip(MEASURES, facts, strict=True))}
    asked = [each.name for each in rules.constraints if each.name in known]
    test = {k: v for k, v in (outcome.get("test") or {}).items() if isinstance(v, (int, float))}
    return {name: float(known[name]) for name in asked} | test


def by_epoch(journal: Path, score: str) -> dict[int, float]:
    """A validation score after each epoch, counted from 1, as a run's journal has it.

    Raises:
        ValueError: the journal is damaged.
        OSError: it can't be read.
    """
    found: dict[int, float] = {}
    for records in read_all(journal):
        for record in records:
            if score in record["metrics"]:
                found.setdefault(record["epoch"] + 1, record["metrics"][score])
    return found
