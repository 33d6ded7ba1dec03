"""The best former run of an experiment, by a score that can be set against a run's own."""

import math
from pathlib import Path

from project.comparison.loading import KnownRun, numbers
from project.files import read_json
from project.provenance import comparable, repetitions
from project.run_directory import OUTCOME, RECORD, runs_in
from project.scores import MIN, better


def best_former(run: KnownRun, score: str) -> tuple[Path, float] | None:
    """The directory of the best other run of the experiment, and its value; None without one.

    Reproductions and mere trials do not count, nor does what can't be compared or read.
    """
    way = better(run.record["scores"], score)
    if way is None:
        return None
    found = []
    for directory in runs_in(run.directory.parent):
        value = _score(directory, score)
        if directory.name != run.run_id and not math.isnan(value):
            found.append((value if way == MIN else -value, directory, value))
    for _, directory, value in sorted(found):
        if _counts(run, directory, score):
            return directory, value
    return None


def _score(directory: Path, score: str) -> float:
    try:
        outcome = read_json(directory / OUTCOME, "best", "test")
    except (ValueError, OSError):
        return math.nan
    scores = {**((outcome["best"] or {}).get("metrics") or {}), **(outcome["test"] or {})}
    return numbers(scores).get(score, math.nan)


def _counts(run: KnownRun, directory: Path, score: str) -> bool:
    try:
        record = read_json(directory / RECORD)
    except (ValueError, OSError):
        return False
    if repetitions.original(record) or comparable.is_of_a_part(record):
        return False
    return not comparable.incomparable([(run.record, [score]), (record, [score])])
