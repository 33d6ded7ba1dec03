"""The two pages: a comparison of the runs named, and the table of the latest runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from project.comparison.exporting import deliver
from project.comparison.flat import differ
from project.comparison.importance import tried_out
from project.comparison.loading import KnownRun
from project.comparison.page.content import content
from project.comparison.page.listed import Listed, by_importance, setting, tabled, usual_columns
from project.comparison.page.writing import page
from project.comparison.units import exact_text
from project.comparison.values import age_of, known_names, values_of
from project.plugs import flat

# Below the table of runs, so many of them are compared: more curves nobody can tell apart.
COMPARED = 20
# A table of more opens slowly.
LISTED = 2000
# So many scores can be chosen as columns; --all gives the rest.
MEASURED = 60


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
    """All columns and rows of the list, which the page then filters and sorts by itself.

    Returns:
        What `listed.tabled` gives, but that a column which all runs share has its value as `same`
        and none in the rows; `usual`, the names of the columns at first; and `notes`.
    """
    listed = [_listed(run, now) for run in runs[:LISTED]]
    scores = dict.fromkeys(name for run in runs for name in run.scores)
    monitors = [str(run.best["monitor"]) for run in runs if run.best.get("monitor")]
    ranked = by_importance(scores, monitors)
    usual = usual_columns(listed, ranked, [name for name in asked if name not in ("", "run_id")])
    names = [name for name in known_names(run.values for run in listed) if name not in scores]
    names = [*usual, *(ranked if all else ranked[:MEASURED]), *names]
    every = tabled(listed, list(dict.fromkeys(names)), scores)
    return {**_thinned(every), "usual": usual, "notes": _notes(len(runs))}


def _listed(run: KnownRun, now: datetime) -> Listed:
    flags = {name: exact_text(value) for name, value in flat(run.record["flags"]).items()}
    code = [run.record["code"].get(n) for n in ("sha", "dirty", "patch_blake3", "source_blake3")]
    began = age_of(run, now)
    more = {
        "started": None if began is None else 1000 * (now.timestamp() - began),
        "setting": setting(flags, code),
        "tried": tried_out(run.status, run.record.get("exp_name")),
    }
    return Listed(run.run_id, run.run_id, True, values_of(run, now), flags, more=more)


def _thinned(every: dict[str, Any]) -> dict[str, Any]:
    """Without columns that no run has a value of; of others that all share, once."""
    columns, kept = [], []
    for i, column in enumerate(every["columns"]):
        values = [row["values"][i] for row in every["rows"]]
        if differ(values):
            columns.append(column)
            kept.append(i)
        elif values[0] not in (None, "", []):
            columns.append(column | {"same": values[0]})
    for row in every["rows"]:
        row["values"] = [row["values"][i] for i in kept]
    return every | {"columns": columns}


def _notes(n: int) -> list[str]:
    notes = []
    if n > LISTED:
        notes.append(f"{LISTED:,} of {n:,} runs are shown.")
    if n > COMPARED:
        notes.append(f"Below, the first {COMPARED} of these {n:,} runs are compared.")
    return notes
