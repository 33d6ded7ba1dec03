"""The table of the latest runs: who they are, how they stand, what they scored."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from project.comparison.flat import differ
from project.comparison.layout import Table
from project.comparison.loading import KnownRun
from project.comparison.values import (
    NEUTRAL_FLAGS,
    Values,
    code_mark,
    data_mark,
    duration_text,
    is_number,
    is_of_class,
    text_of,
    values_of,
)
from project.hyperparameters import Hyperparameters

FIRST = ("run", "status", "age", "code", "data")
_USUAL = ("val_accuracy", "test_loss", "test_accuracy", "test_accuracy_without_leaks")
_ALWAYS_THERE = ("run_id", "status", "age", "sha", "dirty", "data_hash")


def table(
    runs: Sequence[KnownRun], now: datetime, asked: Iterable[str] = (), *, all: bool = False
) -> Table:
    """A row for each run.

    After what identifies it: the values asked about, the monitored and the usual scores, the
    experiment, and the flags that differ between the runs; with `all` every score that is not of
    one class. Where the space is short, the last columns are left out.
    """
    every = [values_of(run, now) for run in runs]
    names = columns(runs, every, asked, all=all)
    rows = [row_texts(values, names) for values in every]
    numeric = {
        len(FIRST) + i
        for i, name in enumerate(names)
        if any(is_number(values.get(name)) for values in every)
    }
    header = [*FIRST, *names]
    return Table(header, rows, frozenset(numeric | {FIRST.index("age")}), essential=len(FIRST))


def asked_names(expressions: Iterable[str], sort: str | None) -> list[str]:
    """The words of the expressions, which may be names, and the name to sort by."""
    words = [word for text in expressions for word in re.findall(r"[^\s()<>=!\"']+", text)]
    return [*words, *([sort] if sort else [])]


def row_texts(values: Values, names: Sequence[str]) -> list[str]:
    """The cells of a run: what identifies it, and its values of these names."""
    return [*_identity(values), *(_text(values.get(name)) for name in names)]


def _identity(values: Values) -> list[str]:
    age = duration_text(values.get("age"))
    status = text_of(values.get("status")) + ", changed" * bool(values["changed"])
    status += ", went on with changes" * bool(values["stages"])
    return [text_of(values["run_id"]), status, age, code_mark(values), data_mark(values)]


def columns(
    runs: Sequence[KnownRun], every: Sequence[Values], asked: Iterable[str], *, all: bool
) -> list[str]:
    """The names of the values that a table of runs shows; `every` has those of each run."""
    scores = dict.fromkeys(name for run in runs for name in run.scores)
    monitors = dict.fromkeys(str(run.best["monitor"]) for run in runs if run.best.get("monitor"))
    usual = [name for name in (*monitors, *_USUAL) if name in scores]
    rest = [name for name in scores if all and not is_of_class(name)]
    known = {name for values in every for name in values}
    wanted = [name for name in asked if name in known and name not in _ALWAYS_THERE]
    return list(dict.fromkeys([*wanted, *usual, "exp_name", *_varying(every), *rest]))


def _varying(every: Sequence[Values]) -> list[str]:
    """Flags that differ, the seed last: where the space is short, what follows is left out."""
    flags = Hyperparameters.__dataclass_fields__
    found = [
        name
        for name in flags
        if name not in NEUTRAL_FLAGS and differ(values.get(name) for values in every)
    ]
    return sorted(found, key=lambda name: name == "seed")


def _text(value: Any) -> str:
    """Four digits are enough to choose a run by."""
    return f"{value:.4g}" if isinstance(value, float) else text_of(value)
