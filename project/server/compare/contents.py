"""What the page shows of runs of the store: the same structure that a page in a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from project.comparison.description import describe
from project.comparison.loading import KnownRun
from project.comparison.page.content import content
from project.comparison.page.logged import Logged
from project.server.api.context import Context
from project.server.compare import annotations, images, known, metrics, patches, visible
from project.server.compare.identity import is_ours
from project.server.compare.metrics import Metric
from project.server.compare.visible import Run
from project.server.errors import not_found


def contents(context: Context, text: str) -> dict[str, Any]:
    """What `comparison.page.content.content` gives of runs, and where each is in the store.

    Curves and pictures are not in it: the page asks for those that it shows.

    Args:
        context: of the request.
        text: the runs' ids between commas; those that the account may not see, or that are gone,
            are left out, which is then said.
    Raises:
        ApiError: 404, none of them is there, or to be seen.
    """
    with context.database.read() as connection, TemporaryDirectory() as folder:
        runs, missing = visible.present(connection, context.account, text)
        if not runs:
            raise not_found("EXPERIMENT_NOT_FOUND", _missing(missing))
        ours = {run.id for run in runs if is_ours(run)}
        told = metrics.listed(connection, runs, ours)
        found, damaged = known.known(context, connection, runs, told, Path(folder))
        shown = _content(context, runs, found, told)
        written = [annotations.shown(annotations.read(connection, run.id)) for run in runs]
    shown["problems"] = [*([_missing(missing)] if missing else []), *damaged, *shown["problems"]]
    for entry, run, notes in zip(shown["runs"], runs, written, strict=True):
        entry["store"] = _in_store(context, run) | notes
    return shown | {"pulse": pulse(context, ",".join(run.id for run in runs))}


def pulse(context: Context, text: str) -> dict[str, Any]:
    """What is another as soon as any of the runs has logged something, ended or gone.

    Returns:
        by MLflow's id of each run that is there its `status` and when it has last `logged`.
    Raises:
        ApiError: 404, none of them is there, or to be seen.
    """
    with context.database.read() as connection:
        runs, missing = visible.present(connection, context.account, text)
        if not runs:
            raise not_found("EXPERIMENT_NOT_FOUND", _missing(missing))
        logged = metrics.last_logged(connection, runs)
    return {run.id: {"status": run.status, "logged": logged.get(run.id)} for run in runs}


def _missing(ids: Sequence[str]) -> str:
    one = len(ids) == 1
    names = ", ".join(id_[:40] for id_ in ids[:5])
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"there {'is no run' if one else 'are no runs'} {names}{more}, or not for you to see"


def _content(
    context: Context, runs: Sequence[Run], found: Sequence[KnownRun], told: Sequence[Metric]
) -> dict[str, Any]:
    now = datetime.now(UTC)
    repository, notes = patches.repository(found, context.settings.accounts)
    description = describe(found, repository=repository, now=now, curves=False)
    lasts = {
        entry["label"]: {m.name: m.last[run.id] for m in told if run.id in m.last}
        for entry, run in zip(description["runs"], runs, strict=True)
    }
    names = list(dict.fromkeys(metric.name for metric in told))
    if repository is None:
        description["code"]["diffs"] = patches.diffs(description["runs"], found)
    shown, _ = content(description, found, now, Logged(names, lasts, notes=notes))
    keys: dict[str, str] = {}
    for metric in told:
        keys.setdefault(metric.name, metric.key)
    shown["metrics"] = [entry | {"key": keys[entry["key"]]} for entry in shown["metrics"]]
    return shown | {"images": images.listed(context, list(runs))}


def _in_store(context: Context, run: Run) -> dict[str, Any]:
    """Where the run is in the store; where its files are is not for the page."""
    editable = annotations.may_write(context, run)
    stoppable = run.container_id and run.status == "running" and editable
    fields = ("id", "name", "experiment_id", "container_id", "short_id")
    told = {name: getattr(run, name) for name in fields}
    return told | {"stoppable": bool(stoppable), "editable": editable}
