"""The point that a run gives: how many samples and parameters, and which error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.forecast.points import Point
from project.provenance.record import read_outcome, read_record
from project.scores import MAX, better
from project.words.names import some

# Of C classes a guess is right once in C times.
ACCURACIES = ("val_accuracy", "val_balanced_accuracy")


def measure(run: Path, score: str) -> tuple[Point, dict[str, Any]]:
    """The point of a finished run, and its record.

    The error is that of the best epoch by `--monitor`, whose weights the run has kept.

    Raises:
        ValueError: the score is not measured, or not 1 at best; or the run's files are damaged.
    """
    record, outcome = read_record(run), read_outcome(run) or {}
    scores = (outcome.get("best") or {}).get("metrics") or {}
    value = scores.get(score)
    if not isinstance(value, (int, float)):
        raise ValueError(f"--score {score} is not measured; {_choices(record, scores)}")
    if better(record["scores"], score) != MAX or not 0 <= value <= 1:
        raise ValueError(
            f"--score {score} is {value:g}: the form is one of error rates, so of scores from 0 to"
            f" 1, 1 at best; {_choices(record, scores)}"
        )
    n, size = record["data"]["counts"]["train"]["total"], record["model"]["n_parameters"]
    return Point(n, size, record["seed"], 1 - value, run.name), record


def chance_of(record: Mapping[str, Any], score: str) -> float:
    """The error of a guess: 1 - 1/C of C classes by accuracies; of other scores 1."""
    return 1 - 1 / len(record["data"]["classes"]) if score in ACCURACIES else 1.0


def _choices(record: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    names = [
        name
        for name, value in scores.items()
        if "/" not in name and better(record["scores"], name) == MAX and 0 <= value <= 1
    ]
    return f"there are {some(names, 8)}" if names else "no other score is"
