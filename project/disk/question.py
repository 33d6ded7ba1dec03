"""What a person is told of runs before they are deleted, and asked."""

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from project.disk.entries import below, freed
from project.files import read_json
from project.provenance.repetitions import original
from project.provenance.run import status
from project.run_directory import RECORD, runs_below
from project.tracking.deletion import ALL
from project.tracking.state import kept
from project.words.names import some
from project.words.sizes import size_text

LIMIT = 20  # a screen of lines
_MANY = "\0"  # stands for how many runs


def agreed(exp_dir: Path, runs: Sequence[Path], trackers: Sequence[str]) -> bool:
    """Say what goes, what hangs on it and what stays, and ask.

    Args:
        exp_dir: holds all experiments.
        runs: the directories of those that are to go, resolved.
        trackers: that are to delete them, too.
    Raises:
        ValueError: nobody is there to ask.
    """
    n = count(len(runs))
    if sys.stdin is None or not sys.stdin.isatty():
        raise ValueError(f"nobody is there to ask whether to delete {n}: --yes does it")
    entries = {run: list(below(run)) for run in runs}
    rows = [(name_of(run), state(run), size_text(freed(entries[run]))) for run in runs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    show([f"{name:<{widths[0]}}  {end:<{widths[1]}}  {size}" for name, end, size in rows])
    others = {run.resolve() for run in runs_below(exp_dir)} - set(runs)
    show(list(_hanging_on(runs, others)))
    if stays := staying(runs, trackers):
        show([*stays, "(--tracker NAME, or all, deletes them there, too)"])
    every = "ALL " if not others and len(runs) > 1 else ""
    size = size_text(freed(entry for found in entries.values() for entry in found))
    try:
        said = input(f"delete {every}{n}, {size}? [y/N] ")
    except EOFError:
        return False
    return said.strip().lower() in ("y", "yes")


def staying(runs: Sequence[Path], trackers: Sequence[str]) -> list[str]:
    """Where runs stay that are deleted here, and by these trackers there; a line each."""
    if ALL in trackers:
        return []
    lines: Counter[str] = Counter()
    for run in runs:
        lines.update(line.replace(f"run {run.name}", _MANY) for line in kept(run, trackers))
    one = f"run {runs[0].name}" if len(runs) == 1 else "1 run"
    return [f"stays in {k.replace(_MANY, one if n == 1 else count(n))}" for k, n in lines.items()]


def named(runs: Sequence[Path]) -> str:
    """Which runs; of many, how many of which experiments."""
    if len(runs) <= 3:
        return ", ".join(map(name_of, runs))
    of = Counter(run.parent.name for run in runs)
    if len(of) == 1:
        return f"{count(len(runs))} of {runs[0].parent.name}"
    return f"{count(len(runs))} ({some([f'{n} of {name}' for name, n in of.most_common()])})"


def name_of(run: Path) -> str:
    """A run's id after its experiment."""
    return f"{run.parent.name}/{run.name}"


def count(n: int) -> str:
    """How many runs."""
    return f"{n:,} run{'s' * (n != 1)}"


def state(run: Path) -> str:
    """How a run stands, `damaged` where its files don't tell."""
    try:
        return status(run)
    except ValueError:
        return "damaged"


def show(lines: Sequence[str]) -> None:
    """Print the first lines, and how many more there are."""
    for line in lines[:LIMIT]:
        print(line)
    if len(lines) > LIMIT:
        print(f"and {len(lines) - LIMIT:,} more")


def _hanging_on(runs: Collection[Path], others: Collection[Path]) -> Iterator[str]:
    """What of the runs that stay came from those that go, a line each."""
    going = {run.name for run in runs}
    for run in sorted(others):
        try:
            record = read_json(run / RECORD)
            if (name := (record.get("parent") or {}).get("run_id")) in going:
                yield f"{name} is where {run.name} goes on from (--from)"
            if (name := original(record)) in going:
                yield f"{name} was reproduced by {run.name}"
        except (OSError, ValueError, AttributeError, TypeError):
            continue  # a damaged one says nothing
