"""Runs at a glance: a short table of them, and one run in a few lines."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from project.comparison.acting import show_runs
from project.comparison.layout import Line
from project.comparison.loading import KnownRun, load, load_all
from project.comparison.selecting import select
from project.comparison.terminal import show
from project.comparison.values import (
    code_mark,
    data_mark,
    duration_text,
    is_of_class,
    text_of,
    values_of,
)
from project.provenance import repetitions
from project.provenance.find import find_run
from project.provenance.keeping import not_kept
from project.words.telling import clean


def list_shortly(arguments: Namespace) -> int:
    """Print a row for each run, newest first: how it stands and its headline scores; returns 0.

    Args:
        arguments: with `exp_dir` and the flags of `compare` that select.
    Raises:
        ValueError: there are no runs, or what is asked of them can't be understood.
    """
    runs, problems = load_all(arguments.exp_dir)
    for problem in problems:
        print(f"left out: {problem}", file=sys.stderr)
    if not runs:
        raise ValueError(f"{str(arguments.exp_dir)!r} has no runs{' to show' * bool(problems)}")
    now = datetime.now(UTC)
    chosen = {name: getattr(arguments, name) for name in ("where", "sort", "reverse")}
    show_runs(arguments, runs, select(runs, now, **chosen), now, shortly=True)
    return 0


def show_one(arguments: Namespace) -> int:
    """Print what a run is, how it stands and what it scored; returns 0.

    Args:
        arguments: with `exp_dir` and `run`, what a person typed for it.
    Raises:
        ValueError: there is no such run, or it is damaged.
    """
    run = load(find_run(arguments.exp_dir, arguments.run))
    rows = [(name, clean(text)) for name, text in _facts(run, datetime.now(UTC)) if text != "-"]
    widest = max(len(name) for name, _ in rows)
    # Nothing is cut: a command should be copied in one piece.
    show(Line(f"{name:<{widest}}  {text}") for name, text in rows)
    return 0


def _facts(run: KnownRun, now: datetime) -> Iterator[tuple[str, str]]:
    values, record = values_of(run, now), run.record
    yield "run", run.run_id
    yield "reproduces", text_of(repetitions.original(record))
    yield "directory", str(run.directory)
    yield "status", _status(run)
    yield "why", text_of(run.outcome.get("error"))
    yield "created", f"{text_of(values['created'])} ({duration_text(values['age'])} ago)"
    if run.outcome:
        yield "duration", duration_text(values["duration"])
        yield "not kept", text_of(not_kept(run.outcome))
    yield "epochs", text_of(values["epochs"])
    yield "command", text_of(record.get("command"))
    yield "goes on from", _parent(record.get("parent"))
    yield "code", code_mark(values)
    yield "data", f"{text_of(record['data'].get('name'))} {data_mark(values)}"
    yield "model", f"{text_of(values.get('model'))}, {text_of(values['n_parameters'])} parameters"
    for name in ("description", "tags", "note"):
        yield name, text_of(values.get(name))
    if isinstance(epoch := run.best.get("epoch"), int):
        # Counted from 1, as while the run trained and in its table of results.
        step, monitor = (text_of(run.best.get(name)) for name in ("step", "monitor"))
        yield "best epoch", f"{epoch + 1} (step {step}), by {monitor}"
    for name, value in run.scores.items():
        if not is_of_class(name) and not name.endswith("_error_bound"):
            yield name, _short(value)


def _parent(parent: Any) -> str:
    """The run that another went on from, and where; - without one."""
    if not isinstance(parent, dict):
        return "-"
    at, step = (text_of(parent.get(name)) for name in ("epoch", "step"))
    return f"{text_of(parent.get('run_id'))} after epoch {at} (step {step})"


def _status(run: KnownRun) -> str:
    return run.status + f", {run.changed} was changed" * bool(run.changed)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
