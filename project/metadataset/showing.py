"""The tables on a screen: which there are, and rows of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.flat import differ
from project.comparison.layout import Line, Table, table_lines, wrapped
from project.comparison.values import duration_text, is_number, text_of
from project.metadataset.querying import Answer
from project.metadataset.tables import EXPERIMENT, TABLES
from project.words.telling import did_you_mean

Row = Mapping[str, Any]
# What a table shows first; of runs and settings, what differs follows.
_FIRST = {
    "dataset_stats": (
        *("id", "name", "kind", "train", "val", "test", "n_classes", "channels", "height", "width"),
        *("balance", "leaks_into_test", "runs"),
    ),
    "task": ("id", "name", "data", "kind", "n_classes", "judged", "better", "runs"),
    "hyperparameter_space": ("id", "model", "loss", "optimizer", "own", "runs"),
    "hyperparameters": ("id", "data", "model", "runs"),
    EXPERIMENT: ("run_id", "exp_name", "status", "age", "data", "model"),
}
_IN_SECONDS = ("age", "duration")
_SHOWN_OF_ID = 8


def overview(counts: Mapping[str, int], width: int | None) -> list[Line]:
    """A line for each table: how many rows it has, and what a row is."""
    rows = [(name, f"{counts[name]:,}", what) for name, what in TABLES.items()]
    table = Table(("table", "rows", "a row is"), rows, frozenset({1}), essential=3, widest=width)
    return table_lines(table, width)


def listing(
    answer: Answer, table: str, columns: Sequence[str], width: int | None, *, all: bool = False
) -> list[Line]:
    """Rows of a table.

    Args:
        answer: of at least one row.
        table: of `TABLES`.
        columns: those that are wanted; none: the usual ones, and what differs.
        width: of the terminal; None: there is none, and all columns are shown.
        all: show every column.
    Raises:
        ValueError: there is no such column.
    """
    rows, names = answer.rows, answer.names
    for name in columns:
        if name not in names:
            raise ValueError(f"--columns {name!r} is no name of a value{did_you_mean(name, names)}")
    usual, whole = _usual(answer, table), all or width is None
    shown = columns or [*usual, *(names if whole else ())]
    shown = [name for name in dict.fromkeys(shown) if columns or _is_said(rows, name)]
    once = [] if all or columns or width is None else _said_once(rows, shown)
    shown = [name for name in shown if name not in once]
    cells = [[_cell(name, row.get(name), width) for name in shown] for row in rows]
    right = frozenset(
        i for i, name in enumerate(shown) if any(is_number(row.get(name)) for row in rows)
    )
    lines = table_lines(Table(shown, cells, right, essential=1, blocks=all), width)
    told = ", ".join(f"{name} {_cell(name, rows[0].get(name), width)}" for name in once)
    return [*lines, *(wrapped(f"all: {told}", width, "dim") if once else [])]


def count(found: int, shown: int, table: str, width: int | None) -> list[Line]:
    """How many rows there are."""
    what = {EXPERIMENT: "run", "hyperparameters": "setting", "dataset_stats": "data set"}
    word = what.get(table, table.removeprefix("hyperparameter_"))
    rest = f"{shown} of {found:,} {word}s; --limit {found} shows all"
    return wrapped(rest if shown < found else f"{found:,} {word}{'s' * (found != 1)}", width, "dim")


def _usual(answer: Answer, table: str) -> list[str]:
    """What one looks for first; of runs and settings also the flags in which they differ."""
    first = list(_FIRST[table])
    if table not in (EXPERIMENT, "hyperparameters"):
        return first
    several = len(answer.rows) > 1
    differing = [
        name
        for name in answer.flags
        if several and name not in first and differ(row.get(name) for row in answer.rows)
    ]
    last = [*answer.judged, "seed"] if table == EXPERIMENT else []
    return [*first, *last[:1], *differing, *last[1:]]


def _said_once(rows: Sequence[Row], shown: Sequence[str]) -> list[str]:
    """The columns, but for the first, in which all of several rows have the same."""
    if len(rows) < 2:
        return []
    return [name for name in shown[1:] if not differ(row.get(name) for row in rows)]


def _is_said(rows: Sequence[Row], name: str) -> bool:
    return any(row.get(name) not in (None, "", []) for row in rows)


def _cell(name: str, value: Any, width: int | None) -> str:
    if width is None:
        return text_of(value)
    if name in _IN_SECONDS:
        return duration_text(value)
    if isinstance(value, str) and value.startswith("blake3:"):
        return value.removeprefix("blake3:")[:_SHOWN_OF_ID]
    return f"{value:.4g}" if isinstance(value, float) else text_of(value)
