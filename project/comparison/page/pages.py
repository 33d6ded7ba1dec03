"""The two pages: a comparison of the runs named, and the table of the latest runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from project.comparison.exporting import deliver
from project.comparison.listing import FIRST, columns, row_texts
from project.comparison.loading import KnownRun
from project.comparison.page.content import content
from project.comparison.page.writing import page
from project.comparison.values import values_of

# Below the table of runs, so many of them are compared: more curves nobody can tell apart.
COMPARED = 20
# A table of more opens slowly.
LISTED = 2000


def write_comparison_page(
    path: Path,
    found: Mapping[str, Any],
    runs: Sequence[KnownRun],
    now: datetime,
    *,
    all: bool,
) -> list[str]:
    """Write the page of a comparison.

    Args:
        path: The file.
        found: Of `describe`, of `runs`.
        runs: In the same order.
        now: An aware time, when the page is made.
        all: Whether the page at first shows also what does not differ.
    Returns:
        A line for each thing that could not be read.
    Raises:
        OSError: it can't be written, or a figure can't be read.
    """
    shown, problems = content(found, runs, now)
    deliver(path, page(shown | {"all": all}))
    return problems


def write_listing_page(
    path: Path,
    found: Mapping[str, Any],
    runs: Sequence[KnownRun],
    now: datetime,
    asked: Iterable[str],
    *,
    all: bool,
) -> list[str]:
    """Write the page of the latest runs, and of what differs between the first of them.

    Args:
        path: The file.
        found: Of `describe`, of the first COMPARED runs.
        runs: In the order of the table.
        now: An aware time, when the page is made.
        asked: Names whose values the table shows first.
        all: Every score in the table; below it, at first, also what does not differ.
    Returns:
        A line for each thing that could not be read.
    Raises:
        OSError: it can't be written, or a figure can't be read.
    """
    shown, problems = content(found, runs[:COMPARED], now)
    shown |= {"all": all, "listing": _listing(runs, now, asked, all=all)}
    deliver(path, page(shown))
    return problems


def _listing(
    runs: Sequence[KnownRun], now: datetime, asked: Iterable[str], *, all: bool
) -> dict[str, Any]:
    """`names` of columns, `rows` of `texts` and of `values` to sort by, and `notes`."""
    listed = [values_of(run, now) for run in runs[:LISTED]]
    names = columns(runs[:LISTED], listed, asked, all=all)
    keys = ["run_id", "status", "age", "sha", "data_hash", *names]
    rows = [
        {"texts": row_texts(values, names), "values": [_plain(values.get(key)) for key in keys]}
        for values in listed
    ]
    return {"names": [*FIRST, *names], "rows": rows, "notes": _notes(len(runs))}


def _notes(n: int) -> list[str]:
    notes = []
    if n > LISTED:
        notes.append(f"{LISTED:,} of {n:,} runs are shown.")
    if n > COMPARED:
        notes.append(f"Below, the first {COMPARED} of these {n:,} runs are compared.")
    return notes


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, type(None))) else str(value)
