"""What the command does: list the latest runs, or tell what differs between those named."""

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.comparison.description import describe
from project.comparison.exporting import (
    STANDARD_OUTPUT,
    check_places,
    write_comparison_csv,
    write_comparison_json,
    write_listing_csv,
    write_listing_json,
)
from project.comparison.importance import Choice, asked_names, fold
from project.comparison.layout import wrapped
from project.comparison.loading import KnownRun, load_all
from project.comparison.screen import listing_lines
from project.comparison.selecting import named_runs, select
from project.comparison.showing import SECTIONS, comparison_lines
from project.comparison.siblings import siblings
from project.comparison.terminal import show
from project.provenance.short_ids import short_ids
from project.words.width import terminal_width

# A screen of runs; --limit and --all ask for more.
LIMIT = 20


def list_runs(arguments: Namespace) -> int:
    """Print the table of runs, and a line for each run that can't be read; returns 0.

    Raises:
        ValueError: there are no runs, or what is asked of them can't be understood.
        OSError: a file can't be written.
    """
    _check_files(arguments)
    runs, problems = load_all(arguments.exp_dir)
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if not runs:
        raise ValueError(f"{str(arguments.exp_dir)!r} has no runs{' to show' * bool(problems)}")
    now = datetime.now(UTC)
    fitting = select(runs, now, **_selection(arguments))
    # A file holds them all; a screen, unless asked for more, as many as fit it.
    wanted = fitting[: arguments.limit]
    asked = asked_names(arguments.where)
    _write(arguments.csv, lambda path: write_listing_csv(path, wanted, now))
    _write(arguments.json, lambda path: write_listing_json(path, wanted, now))
    for problem in _listing_page(arguments, wanted, now, [*asked, arguments.sort or ""]):
        print(f"left out: {problem}", file=sys.stderr)
    show_runs(arguments, runs, fitting, now, silent=_is_for_a_file(arguments))
    return 0


def show_runs(
    arguments: Namespace,
    known: Sequence[KnownRun],
    fitting: Sequence[KnownRun],
    now: datetime,
    *,
    shortly: bool = False,
    silent: bool = False,
) -> None:
    """Print the table of the runs that fit, as many as are asked for, and what is to be said of it.

    Args:
        arguments: the flags that select.
        known: all runs.
        fitting: those that `--where` lets through, in their order.
        now: an aware time, from which ages count.
        shortly: tags and notes in place of what differs.
        silent: only say which of the runs are damaged.
    """
    listed, folded = (fitting, None) if arguments.all else fold(fitting, arguments.where)
    limit = arguments.limit or (None if arguments.all else LIMIT)
    shown = listed[:limit]
    for problem in [run.damage for run in shown if run.damage]:
        print(f"only in part: {problem}", file=sys.stderr)
    if silent:
        return
    width = terminal_width()
    asked = asked_names(arguments.where)
    choice = Choice(arguments.sort, asked, arguments.columns, arguments.all, shortly)
    ids = short_ids(arguments.exp_dir)
    lines = listing_lines(shown, ids, now, width, choice) if shown else []
    count = _count(
        len(known), len(fitting), len(shown), arguments.limit, len(fitting) - len(listed)
    )
    told = [count, *([folded] if folded else [])]
    show([*lines, *(line for text in told for line in wrapped(text, width, "dim"))])


def compare_runs(arguments: Namespace) -> int:
    """Print what differs between the runs named.

    Returns:
        0; 2 if a run or a part could not be compared, which is then said.
    Raises:
        ValueError: no run is left to compare, one named by itself is damaged, or what is asked
            can't be understood.
        OSError: a file can't be read or written.
    """
    _check_files(arguments)
    now = datetime.now(UTC)
    named, left_out = named_runs(arguments.exp_dir, arguments.runs)
    runs = select(named, now, **_selection(arguments))
    if not runs:
        raise ValueError("none of the runs named fits --where")
    runs = runs[: arguments.limit]
    more = siblings(runs) if len(runs) > 1 else []
    if arguments.all_seeds:
        runs, more = [*runs, *more], []
    found = describe(runs, now=now, curves=arguments.json is not None)
    told = [f"left out: {problem}" for problem in left_out]
    told += [f"error: {problem}" for problem in found["problems"]]
    # Who reads a file alone must know, too.
    found["problems"] = [f"left out: {problem}" for problem in left_out] + found["problems"]
    _write(arguments.csv, lambda path: write_comparison_csv(path, found, all=arguments.all))
    _write(arguments.json, lambda path: write_comparison_json(path, found))
    told += [f"error: {text}" for text in _comparison_page(arguments, found, runs, now)]
    if arguments.html and not _is_for_a_file(arguments):
        print(_written(arguments.html, found))
    elif not _is_for_a_file(arguments):
        known = (*SECTIONS, "samples")
        sections = [name for name in known if getattr(arguments, name, False)]
        asked = {"sections": sections, "all": arguments.all, "more_seeds": len(more)}
        show(comparison_lines(found, terminal_width(), **asked))
    for line in dict.fromkeys(told):
        print(line, file=sys.stderr)
    return 2 if told else 0


def _listing_page(
    arguments: Namespace, runs: Sequence[KnownRun], now: datetime, asked: Sequence[str]
) -> list[str]:
    """Write the page, if one is asked for; a line for each thing that it lacks."""
    if arguments.html is None:
        return []
    if not runs:
        raise ValueError(f"no run fits --where: there is nothing to show in {arguments.html}")
    from project.comparison.page.pages import COMPARED, write_listing_page

    found = describe(runs[:COMPARED], now=now, curves=False)
    lacking = write_listing_page(arguments.html, found, runs, now, asked, all=arguments.all)
    return list(dict.fromkeys([*found["problems"], *lacking]))


def _comparison_page(
    arguments: Namespace, found: dict[str, Any], runs: Sequence[KnownRun], now: datetime
) -> list[str]:
    """Write the page, if one is asked for; a line for each thing that it lacks."""
    if arguments.html is None:
        return []
    # NumPy, which curves need, takes a moment to load.
    from project.comparison.page.pages import write_comparison_page

    return write_comparison_page(arguments.html, found, runs, now, all=arguments.all)


def _written(page: Path, found: Mapping[str, Any]) -> str:
    """What the page holds, and how large it is."""
    size = page.stat().st_size
    counts = ((len(found[name]), name) for name in ("settings", "runs"))
    told = ", ".join(f"{n} {name if n > 1 else name[:-1]}" for n, name in counts)
    return f"{page}: {told}, {size / 1e6:,.1f} MB"


def _check_files(arguments: Namespace) -> None:
    check_places((arguments.csv, arguments.json, arguments.html))


def _is_for_a_file(arguments: Namespace) -> bool:
    """Whether standard output takes one of the files, and so nothing else."""
    return STANDARD_OUTPUT in (arguments.csv, arguments.json, arguments.html)


def _selection(arguments: Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in ("where", "sort", "reverse")}


def _write(path: Path | None, write: Callable[[Path], None]) -> None:
    if path is not None:
        write(path)


def _count(known: int, fitting: int, shown: int, limit: int | None, folded: int) -> str:
    """How many runs there are, and why not all are shown."""
    if shown + folded < fitting and limit is not None:
        return f"{shown} of {fitting:,} runs, as --limit says"
    if shown + folded < fitting:
        return f"{shown} of {fitting:,} runs; --all shows the rest"
    if fitting < known:
        return f"{fitting} of {known:,} runs fit --where"
    return f"{fitting} run{'' if fitting == 1 else 's'}"
