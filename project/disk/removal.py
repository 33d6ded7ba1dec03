"""`runs rm`: deletes runs, here and where a person says, and tells how much space that freed.

A run goes out of its experiment in one step, and is deleted then; what a killed process has left of
that, the next one ends.
"""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from project.cli.command import describe, print_error
from project.comparison.selecting import fitting
from project.disk.entries import Entry, below, freed
from project.disk.question import agreed, count, named, show, state, staying
from project.provenance.find import find_runs
from project.provenance.removal import begun, delete, run_id, set_aside
from project.run_directory import MLFLOW_FILES
from project.tracking.choice import load
from project.tracking.deletion import ALL, delete_entries
from project.tracking.state import State
from project.words.sizes import size_text


def remove(arguments: Namespace) -> int:
    """Delete the runs that are chosen, after asking.

    Args:
        arguments: with `exp_dir`, `runs` (what a person typed), `where`, `tracker` and `yes`.
    Returns:
        0; 1 if the person declined, or a run could not be deleted.
    Raises:
        ValueError: there is nothing to delete or nobody to ask, a run that was named is running,
            or there is no such tracker.
        OSError: something can't be deleted.
    """
    for name in set(arguments.tracker) - {ALL}:
        load(name)
    ended = _end_what_was_begun(arguments.exp_dir)
    chosen = [name for name in arguments.runs if name not in ended]
    if not (chosen or arguments.where):
        if ended:
            return 0
        raise ValueError("which runs? Give RUN, an experiment's name, or --where EXPRESSION")
    runs = _chosen(arguments.exp_dir, chosen, arguments.where)
    if arguments.yes:
        show(staying(runs, arguments.tracker))
    elif not agreed(arguments.exp_dir, runs, arguments.tracker):
        print("nothing was deleted")
        return 1
    return _delete(runs, arguments.tracker)


def _chosen(exp_dir: Path, names: Sequence[str], where: Sequence[str]) -> list[Path]:
    """The runs that may go; a line for each that was asked for and may not."""
    runs, problems = fitting(exp_dir, names, where, datetime.now(UTC))
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    running = [run for run in runs if state(run) == "running"]
    by_itself = find_runs(exp_dir, names) if running else {}
    for run in running:
        if by_itself.get(run):
            raise ValueError(f"run {run.name} can't be deleted: it is running")
        print(f"left out: {run.name} is running", file=sys.stderr)
    runs = [run for run in runs if run not in running]
    if not runs:
        raise ValueError("no run is left" if running or problems else "no run fits --where")
    return list({run.resolve(): run.resolve() for run in runs})  # one may be named twice


def _delete(runs: Sequence[Path], trackers: Sequence[str]) -> int:
    """Delete runs; returns the exit code."""
    hidden: list[Path] = []
    entries: list[Entry] = []
    lines: Counter[str] = Counter()
    for run in runs:
        try:
            stored = _stored(run) if trackers else []
            lines.update(delete_entries(run, trackers) if trackers else ())
            found = [*below(run), *(entry for entry in stored if not entry.path.exists())]
            hidden.append(set_aside(run))
            entries += found
        except Exception as error:  # a tracker may raise anything, and the other runs can go
            print_error(ValueError(f"{run.name} stays: {' '.join(describe(error).split())}"))
    show([f"{line} ({count(n)})" if n > 1 else line for line, n in lines.items()])
    delete(hidden)
    if hidden:
        gone = [path.with_name(run_id(path)) for path in hidden]
        print(f"deleted {named(gone)}, which freed {size_text(freed(entries))}")
    return 0 if len(hidden) == len(runs) else 1


def _stored(run: Path) -> list[Entry]:
    """What MLflow's store beside the runs has of a run, under its id there."""
    try:
        entry = State.load(run, "mlflow").remote.get("id")
    except ValueError:
        return []
    folders = run.parents[1].glob(f"{MLFLOW_FILES}/*/{entry}") if entry else ()
    return [found for folder in folders for found in below(folder)]


def _end_what_was_begun(exp_dir: Path) -> set[str]:
    """Delete what a killed process has left of runs that it was deleting; returns their ids."""
    left = begun(exp_dir)
    if left:
        size = freed(entry for path in left for entry in below(path))
        delete(left)
        gone = [path.with_name(run_id(path)) for path in left]
        print(f"deleted what was left of {named(gone)}, which freed {size_text(size)}")
    return {run_id(path) for path in left}
