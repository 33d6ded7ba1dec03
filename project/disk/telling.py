"""`runs du`: where disk space goes, as tables and files, and what would free most of it."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.cli.shell import command, exp_dir_flag, followed_by
from project.comparison.exporting import check_places, deliver
from project.comparison.layout import Line, Table, table_lines
from project.comparison.selecting import fitting
from project.comparison.terminal import show
from project.disk.entries import Once, below, freed
from project.disk.question import count, name_of, state
from project.disk.usage import KINDS, LEFT, Usage, of_experiments, of_run
from project.files import json_text
from project.provenance.removal import begun
from project.run_directory import runs_below
from project.words.sizes import size_text
from project.words.width import terminal_width

# How runs may have ended that are seldom worth their space.
_ENDED = ("failed", "lost", "interrupted", "pruned")
TOTAL = "total"


def tell_usage(arguments: Namespace) -> int:
    """Print where disk space goes: by experiment; of runs that are chosen, by run; returns 0.

    Args:
        arguments: with `exp_dir`, `runs` (what a person typed), `where` and `json`.
    Raises:
        ValueError: there are no runs, or what is asked of them can't be understood.
        OSError: a folder can't be read.
    """
    check_places([arguments.json])
    if arguments.runs or arguments.where:
        _tell_runs(arguments)
    else:
        _tell_experiments(arguments.exp_dir, arguments.json)
    return 0


def _tell_runs(arguments: Namespace) -> None:
    asked = arguments.exp_dir, arguments.runs, arguments.where, datetime.now(UTC)
    runs, problems = fitting(*asked)
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if not runs:
        raise ValueError("no run fits --where")
    once = Once()
    found = sorted((of_run(run, once) for run in runs), key=_size)
    if arguments.json:
        return _write(arguments.json, "runs", found, {})
    if len(found) == 1:
        return _tell_kinds(found[0])
    rows = [[name_of(usage.place), state(usage.place)] for usage in found]
    width = terminal_width()
    show(table_lines(_table(("run", "status"), rows, found, {}), width))


def _tell_kinds(usage: Usage) -> None:
    kinds = sorted(filter(_weight, usage.kinds.items()), key=_weight, reverse=True)
    rows = [[kind, size_text(size)] for kind, size in [*kinds, (TOTAL, usage.total)]]
    table = Table([name_of(usage.place), "size"], rows, frozenset({1}), essential=2)
    show(table_lines(table, terminal_width()))


def _tell_experiments(exp_dir: Path, file: Path | None) -> None:
    if not exp_dir.is_dir():
        raise ValueError(f"{str(exp_dir)!r} has no runs")
    found, others = of_experiments(exp_dir)
    found.sort(key=_size)
    if file:
        return _write(file, "experiments", found, others)
    rows = [[usage.place.name, f"{usage.runs:,}"] for usage in found]
    rows += [[name, "-"] for name, _ in sorted(others.items(), key=_weight, reverse=True)]
    width = terminal_width()
    lines = table_lines(_table(("experiment", "runs"), rows, found, others), width)
    # Not folded: a command should be copied in one piece.
    hints = (line for text in _hints(exp_dir, found) for line in text.splitlines())
    show([*lines, *map(Line, hints)])


def _table(
    first: tuple[str, str], rows: list[list[str]], found: list[Usage], others: dict[str, int]
) -> Table:
    """A row for each usage and for what lies beside, largest first, and their sum.

    Args:
        first: the headings of what tells the rows apart.
        rows: that of each: of the usages, then of the others.
        found: the usages.
        others: bytes of what is no run's, by its name.
    """
    kinds = {kind: sum(usage.kinds.get(kind, 0) for usage in found) for kind in KINDS}
    shown = [kind for kind, size in sorted(kinds.items(), key=_weight, reverse=True) if size]
    sizes = [usage.total for usage in found] + sorted(others.values(), reverse=True)
    cells = [[size_text(usage.kinds[kind]) for kind in shown] for usage in found]
    cells += [["-"] * len(shown) for _ in others]
    rows = [
        [*row, size_text(size), *more] for row, size, more in zip(rows, sizes, cells, strict=True)
    ]
    total = [TOTAL, "", size_text(sum(sizes)), *(size_text(kinds[kind]) for kind in shown)]
    order = sorted(range(len(rows)), key=lambda i: -sizes[i])
    header = [*first, TOTAL, *shown]
    right = frozenset(range(1 if first[1] == "runs" else 2, len(header)))
    return Table(header, [*(rows[i] for i in order), total], right, essential=3)


def _hints(exp_dir: Path, found: Sequence[Usage]) -> Iterator[str]:
    """What frees most, as the command that does; and what a killed `rm` has left."""
    where = exp_dir_flag(exp_dir)
    if any(usage.kinds.get(LEFT) for usage in found):
        begun_before = freed(entry for path in begun(exp_dir) for entry in below(path))
        asked = command("runs", "rm", *where)
        yield "what is left over is of processes that were killed"
        if begun_before:
            yield followed_by(f"this ends an `rm` and frees {size_text(begun_before)}", asked)
    by_end: dict[str, list[Path]] = {end: [] for end in _ENDED}
    for run in runs_below(exp_dir):
        by_end.get(state(run), []).append(run)
    sizes = {end: freed(e for run in runs for e in below(run)) for end, runs in by_end.items()}
    end = max(sizes, key=sizes.__getitem__)
    if sizes[end]:
        asked = command("runs", "rm", "--where", f"status == {end}", *where)
        n = count(len(by_end[end]))
        yield followed_by(f"this frees {size_text(sizes[end])} ({n})", asked)


def _write(path: Path, name: str, found: Sequence[Usage], others: dict[str, int]) -> None:
    """Everything in bytes, as JSON."""
    listed: list[dict[str, Any]] = [
        {"directory": str(u.place), "runs": u.runs, TOTAL: u.total, "kinds": dict(u.kinds)}
        for u in found
    ]
    total = sum(usage.total for usage in found) + sum(others.values())
    deliver(path, json_text({TOTAL: total, name: listed, "others": others}))


def _size(usage: Usage) -> int:
    return -usage.total


def _weight(item: tuple[str, int]) -> int:
    return item[1]
