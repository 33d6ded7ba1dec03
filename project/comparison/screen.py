"""The table of runs on a screen: what one looks for first, and the rest where there is room."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from project.comparison.flat import differ
from project.comparison.importance import Choice, ordered
from project.comparison.layout import GAP, Line, Table, table_lines, wrapped
from project.comparison.loading import KnownRun
from project.comparison.values import (
    Values,
    code_mark,
    data_mark,
    duration_text,
    is_number,
    status_text,
    text_of,
    values_of,
)
from project.provenance import repetitions
from project.provenance.comparable import incomparable, told
from project.words.names import some
from project.words.telling import clean
from project.words.width import cell_width

# What is said once where all runs have it, instead of in a column.
_ONCE = ("exp_name", "status", "data", "model", "seed", "sha", "data_hash")
_IN_SECONDS = ("age", "duration")
_ID = "run"
_CUT_AT = 8  # a value is cut to no less


class _Column(NamedTuple):
    name: str
    cells: list[str]
    right: bool


def listing_lines(
    runs: Sequence[KnownRun],
    ids: Mapping[str, str],
    now: datetime,
    width: int | None,
    choice: Choice,
) -> list[Line]:
    """A row for each run: what it is sorted by, its short id, what differs, its headline scores.

    What all have is said once, below; what has no room is named there. Without a terminal there is
    room for everything, ids are whole, and nothing is left out.

    Args:
        runs: at least one, in their order.
        ids: a short one for each.
        now: an aware time, from which ages count.
        width: of the terminal; None if there is none.
        choice: of columns.
    """
    every = [values_of(run, now) for run in runs]
    names = ordered(runs, every, choice, whole=width is None)
    once = [] if width is None or choice.columns else _said_once(runs, every, names, choice.sort)
    listed = [_column(name, every) for name in names if name not in once]
    first = [column for column in listed if column.name == choice.sort]
    first.append(_Column(_ID, [_called(run, ids if width else {}) for run in runs], False))
    rest = [column for column in listed if column.name != choice.sort]
    shown, left_out = _fitting(first, rest, width)
    lines = _lines(shown, width, bool(left_out))
    notes = [_once_line(every, once)] if once else []
    if left_out:
        hint = "--columns NAME ... shows others, a pipe (| less -S) all"
        notes.append(f"left out: {some(left_out, 8)}; {hint}")
    notes += _reasons(runs, {column.name for column in shown})
    if any(repetitions.original(run.record) for run in runs):
        notes.append("= stands before the run that a reproduction repeats")
    return lines + [line for note in notes for line in wrapped(note, width, "dim")]


def _called(run: KnownRun, ids: Mapping[str, str]) -> str:
    """Its id, and the one of the run that it only repeats."""
    again = repetitions.original(run.record)
    own = ids.get(run.run_id, run.run_id)
    return f"{own} = {ids.get(again, again)}" if again else own


def _said_once(
    runs: Sequence[KnownRun], every: Sequence[Values], names: Sequence[str], sort: str | None
) -> list[str]:
    columns = {*_IN_SECONDS, sort, *(name for run in runs for name in run.scores)}
    return [
        name
        for name in dict.fromkeys([*_ONCE, *names])
        if name not in columns
        if every[0].get(name) not in (None, "", [])
        if not differ(_cell(values, name) for values in every)
    ]


def _once_line(every: Sequence[Values], once: Sequence[str]) -> str:
    parts = [f"{name} {_cell(every[0], name)}" for name in once]
    return ("all: " if len(every) > 1 else "") + ", ".join(parts)


def _column(name: str, every: Sequence[Values]) -> _Column:
    right = name in _IN_SECONDS or any(is_number(values.get(name)) for values in every)
    return _Column(name, [_cell(values, name) for values in every], right)


def _cell(values: Values, name: str) -> str:
    """Four digits are enough to choose a run by."""
    value: Any = values.get(name)
    if name in _IN_SECONDS:
        return duration_text(value)
    if name == "status":
        return status_text(values)
    if name in ("sha", "data_hash"):
        return code_mark(values) if name == "sha" else data_mark(values)
    if name == "tags":
        value = repetitions.without_mark(value)
    return f"{value:.4g}" if isinstance(value, float) else text_of(value)


def _fitting(
    first: Sequence[_Column], rest: Sequence[_Column], width: int | None
) -> tuple[list[_Column], list[str]]:
    """The columns that have room, and the names of the others."""
    if width is None or sum(_width(c, c.name) + GAP for c in (*first, *rest)) - GAP <= width:
        return [*first, *rest], []
    shown, left_out = list(first), []
    room = width - sum(_narrowest(column) + GAP for column in first)
    for column in rest:
        need = min(_narrowest(column), max(_CUT_AT, (width - GAP) // 3)) + GAP
        if need <= room + GAP:
            shown.append(column)
            room -= need
        else:
            left_out.append(column.name)
    return shown, left_out


def _width(column: _Column, *heads: str) -> int:
    return max(cell_width(clean(text)) for text in (*heads, *column.cells))


def _narrowest(column: _Column) -> int:
    """With its heading over several lines."""
    return _width(column, *_pieces(column, 0))


def _pieces(column: _Column, least: int) -> list[str]:
    """The heading cut behind underscores, in lines no wider than they must be."""
    parts = column.name.replace("_", "_\0").split("\0")
    room = max([_width(column), least, *map(cell_width, parts)])
    lines = [""]
    for part in parts:
        if lines[-1] and cell_width(lines[-1] + part) > room:
            lines.append("")
        lines[-1] += part
    return lines


def _lines(shown: Sequence[_Column], width: int | None, stacked: bool) -> list[Line]:
    whole = sum(_width(c, c.name) + GAP for c in shown) - GAP
    stacked = stacked or (width is not None and whole > width)
    heads = [_pieces(column, 0) if stacked else [column.name] for column in shown]
    height = max(map(len, heads))
    heads = [[""] * (height - len(pieces)) + pieces for pieces in heads]
    limit = None if width is None else max(_CUT_AT, (width - GAP) // (2 if len(shown) < 4 else 3))
    cells = [[*pieces, *column.cells] for pieces, column in zip(heads, shown, strict=True)]
    rows = list(zip(*cells, strict=True))
    right = frozenset(i for i, column in enumerate(shown) if column.right)
    table = Table(rows[0], rows[1:], right, essential=len(shown), widest=limit)
    lines = table_lines(table, width)
    return [Line(line.text, "bold") if n < height else line for n, line in enumerate(lines)]


def _reasons(runs: Sequence[KnownRun], shown: set[str]) -> list[str]:
    """Of the scores that are shown and can't be set against each other, why."""
    reasons = incomparable((run.record, run.scores) for run in runs)
    known = dict.fromkeys(name for run in runs for name in run.scores)
    return told({name: why for name, why in reasons.items() if name in shown}, known)
