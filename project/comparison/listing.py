"""The table of runs on a page: who they are, how they stand, what they scored."""

from collections.abc import Iterable, Sequence
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.flat import differ
from project.comparison.headline import leading
from project.comparison.labels import marked
from project.comparison.loading import KnownRun
from project.comparison.values import (
    Values,
    code_mark,
    data_mark,
    duration_text,
    is_of_class,
    status_text,
    text_of,
)
from project.hyperparameters import BY_NAME
from project.provenance import repetitions
from project.scores import WITHOUT_LEAKS

FIRST = ("run", "status", "age", "code", "data")
_ALWAYS_THERE = ("run_id", "status", "age", "sha", "dirty", "data_hash")


def row_texts(values: Values, names: Sequence[str]) -> list[str]:
    """The cells of a run: what identifies it, and its values of these names."""
    return [*_identity(values), *(_text(values.get(name)) for name in names)]


def _identity(values: Values) -> list[str]:
    age = duration_text(values.get("age"))
    run = marked(text_of(values["run_id"]), repetitions.original({"tags": values.get("tags")}))
    return [run, status_text(values), age, code_mark(values), data_mark(values)]


def columns(
    runs: Sequence[KnownRun], every: Sequence[Values], asked: Iterable[str], *, all: bool
) -> list[str]:
    """The names of the values that a table of runs shows; `every` has those of each run."""
    scores = dict.fromkeys(name for run in runs for name in run.scores)
    monitors = dict.fromkeys(str(run.best["monitor"]) for run in runs if run.best.get("monitor"))
    first = leading(run.record for run in runs)
    wanted = [*(f"val_{name}" for name in first), "test_loss", *(f"test_{name}" for name in first)]
    wanted += [f"test_{name}{WITHOUT_LEAKS}" for name in first]
    usual = [name for name in (*monitors, *wanted) if name in scores]
    rest = [name for name in scores if all and not is_of_class(name)]
    known = {name for values in every for name in values}
    wanted = [name for name in asked if name in known and name not in _ALWAYS_THERE]
    return list(dict.fromkeys([*wanted, *usual, "exp_name", *_varying(every), *rest]))


def _varying(every: Sequence[Values]) -> list[str]:
    """Flags that differ, the seed last: where the space is short, what follows is left out."""
    found = [
        name
        for name in BY_NAME
        if name not in NEUTRAL_FLAGS and differ(values.get(name) for values in every)
    ]
    return sorted(found, key=lambda name: name == "seed")


def _text(value: Any) -> str:
    """Four digits are enough to choose a run by."""
    return f"{value:.4g}" if isinstance(value, float) else text_of(value)
