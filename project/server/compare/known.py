"""Runs of the store as `project.comparison` knows runs, whoever logged them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from project.comparison.loading import KnownRun, numbers, prepared
from project.comparison.metric_names import rank
from project.provenance.record import read_outcome, read_record
from project.provenance.stages import accepted
from project.run_directory import JOURNAL, RECORD
from project.scores import better, guesses, improves
from project.server.api.context import Context
from project.server.compare import files, foreign
from project.server.compare.metrics import Metric
from project.server.compare.visible import Run
from project.server.mlflow.points import METRICS

# Behind the names of the scores of other programs: all that is known is what they logged last.
LAST = " (last)"


def known(
    context: Context,
    connection: sa.Connection,
    runs: Sequence[Run],
    metrics: Sequence[Metric],
    folder: Path,
) -> tuple[list[KnownRun], list[str]]:
    """The runs, and a line for each whose record is damaged: it is shown as another program's.

    Args:
        context: of the request.
        connection: to the store.
        runs: as the store has them.
        metrics: of these runs.
        folder: for files that are elsewhere.
    """
    found, problems = [], []
    for run in runs:
        place = files.folder(context.settings, run, folder)
        try:
            one = _ours(connection, run, metrics, place) if (place / RECORD).is_file() else None
        except (ValueError, OSError, RecursionError) as error:
            one = None
            problems.append(f"{run.name}: its record can't be read: {_brief(error, place)}")
        found.append(one or _foreign(connection, run, metrics, folder))
    return found, problems


def _brief(error: Exception, place: Path) -> str:
    """Why, without where the server keeps its files."""
    return str(error).replace(f"{place}/", "")


def _ours(
    connection: sa.Connection, run: Run, metrics: Sequence[Metric], place: Path
) -> KnownRun | None:
    """A run of this project; None if another program has logged a file of the record's name."""
    record = prepared(read_record(place, whole=False))
    if not record["flags"]:
        return None
    # A run that goes on has, if any, the outcome of its past.
    outcome = None if run.status == "running" else read_outcome(place)
    best = dict((outcome or {}).get("best") or {})
    if not outcome:
        best = _best_so_far(connection, run, record, metrics)
    best["metrics"] = numbers(best.get("metrics") or {})
    return KnownRun(
        place,
        record,
        _without_journal(outcome or {}),
        run.status,
        best,
        numbers((outcome or {}).get("test") or {}),
        [str(tag) for tag in record.get("tags") or []],
        "",
        stages=tuple(accepted(place)),
    )


def _without_journal(outcome: dict[str, Any]) -> dict[str, Any]:
    """The store has what the journal said, and nobody misses the file."""
    kept = outcome.get("files")
    if not isinstance(kept, dict):
        return outcome
    return outcome | {"files": {name: told for name, told in kept.items() if name != JOURNAL}}


def _best_so_far(
    connection: sa.Connection, run: Run, record: Mapping[str, Any], metrics: Sequence[Metric]
) -> dict[str, Any]:
    """As `comparison.progress.best_so_far`, from the store's points."""
    monitor = str(record["flags"].get("monitor", "val_loss"))
    way = better(record["scores"], monitor)
    keys = {m.key: m.name for m in metrics if run.id in m.last and m.name.startswith("val_")}
    watched = next((key for key, name in keys.items() if name == monitor), None)
    if way is None or watched is None:
        return {}
    columns = (METRICS.c.step, METRICS.c.value, METRICS.c.is_nan)
    query = sa.select(*columns).where(METRICS.c.run_uuid == run.id, METRICS.c.key == watched)
    step, value = None, math.nan
    for row in connection.execute(query.order_by(METRICS.c.step, METRICS.c.timestamp)):
        told = math.nan if row.is_nan else row.value
        if step is None or improves(way, told, value):
            step, value = row.step, told
    there = (METRICS.c.run_uuid == run.id, METRICS.c.step == step, METRICS.c.key.in_(keys))
    columns = (METRICS.c.key, METRICS.c.value, METRICS.c.is_nan)
    scores = {
        keys[row.key]: math.nan if row.is_nan else row.value
        for row in connection.execute(sa.select(*columns).where(*there))
    }
    return {"monitor": monitor, "value": value, "metrics": scores, "step": step}


def _foreign(
    connection: sa.Connection, run: Run, metrics: Sequence[Metric], folder: Path
) -> KnownRun:
    """A run of another program: what its attributes, params and tags say, and its last values."""
    facts = foreign.facts(connection, run)
    scores = {
        f"{metric.name}{LAST}": metric.last[run.id]
        for metric in sorted(metrics, key=lambda metric: rank(metric.key))
        if run.id in metric.last
    }
    record = prepared(
        {name: facts.get(name, {}) for name in ("flags", "code", "data", "environment")}
        | {
            "foreign": True,
            "run_id": run.name,
            "exp_name": run.experiment,
            "created": foreign.created(run),
            "description": facts["run"].get("description", ""),
            "command": facts["run"].get("command"),
            "user": run.user,
            "model": facts.get("model", {}),
            "scores": {
                **guesses(name.removesuffix(LAST) for name in scores),
                **guesses(scores, LAST),
            },
        }
    )
    outcome = {"duration": (run.ended - run.started) / 1000} if run.ended and run.started else {}
    # It has no files that belong to a run of ours.
    nowhere = folder / f"{run.id}.foreign"
    return KnownRun(nowhere, record, outcome, run.status, {}, scores, foreign.tags(facts), "")
