"""Metrics of runs: their names, their last and their extreme values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from project.comparison.metric_names import group, rank
from project.provenance.comparable import incomparable
from project.scores import agreed, guessed, is_told
from project.server.compare.documents import Documents
from project.server.compare.visible import Run
from project.server.mlflow.points import LATEST, METRICS
from project.server.store.tables import attributes
from project.tracking.best import BEST

# MLflow's word for infinity.
HUGE = 1.7976931348623157e308
FINITE = sa.not_(METRICS.c.is_nan) & (sa.func.abs(METRICS.c.value) < HUGE)
_CODE = re.compile(r":([0-9a-f]{1,6}):")


def title(key: str) -> str:
    """A metric's name as it was logged, where `layout.safe_name` had to rewrite it."""
    return _CODE.sub(lambda match: _character(match[0], int(match[1], 16)), key)


def listed(
    connection: sa.Connection, runs: Sequence[Run], documents: Sequence[Documents]
) -> list[dict[str, Any]]:
    """The metrics of runs: what each is called, which way is better, what each run came to.

    Returns:
        Of each its `key`, `title`, `group`, `better`; by run the `last` point (`value` and `step`),
        and, of an ended run of this project, the `best` checkpoint's value, which is what a score's
        name means everywhere; its `label`, which says so where all there is are last values; and
        `why` these can't be compared, None where they can.
    """
    ids = [run.id for run in runs]
    told = dict(zip(ids, documents, strict=True))
    last = _last(connection, told)
    titles = _titles(connection, runs)
    found = []
    names = {run.id: {titles.get(k, title(k)) for k in last if run.id in last[k]} for run in runs}
    reasons = incomparable((told[id_].record, names[id_]) for id_ in ids)
    for key in sorted(last, key=rank):
        name = titles.get(key, title(key))
        best = [_best(run, told[run.id], name) for run in runs]
        found.append(
            {
                "key": key,
                "title": name,
                "label": name if any(value is not None for value in best) else f"{name} (last)",
                "group": group(key),
                "better": _better(name, [told[id_] for id_ in last[key]]),
                "last": [last[key].get(id_) for id_ in ids],
                "best": best,
                "why": reasons.get(name),
            }
        )
    return found


def _last(
    connection: sa.Connection, documents: Mapping[str, Documents]
) -> dict[str, dict[str, Any]]:
    """Each metric's last points by run, without what trackers add to say which was the best."""
    columns = (LATEST.c.run_uuid, LATEST.c.key, LATEST.c.value, LATEST.c.step, LATEST.c.is_nan)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(sa.select(*columns).where(LATEST.c.run_uuid.in_(documents))):
        if documents[row.run_uuid].flags is None or not row.key.startswith(BEST):
            shown = {"value": number(row.value, row.is_nan), "step": row.step}
            found.setdefault(row.key, {})[row.run_uuid] = shown
    return found


def _best(run: Run, documents: Documents, name: str) -> float | str | None:
    """A score of the best checkpoint. A run that goes on has, if any, the outcome of its past."""
    value = None if run.status == "running" else documents.scores.get(name)
    if value is None:
        return None
    return number(value, math.isnan(value))


def _better(name: str, documents: Sequence[Documents]) -> str | None:
    """What the runs' records say; of runs of other programs, what the name tells."""
    records = [ways for one in documents if (ways := one.ways) is not None]
    if any(is_told(ways, name) for ways in records):
        return agreed(records, name)
    return guessed(name) if len(records) < len(documents) else None


def extremes(connection: sa.Connection, run: Run) -> dict[str, dict[str, Any]]:
    """Of each metric of a run: its least and greatest finite value, and its number of points."""
    finite = sa.case((FINITE, METRICS.c.value))
    columns = (sa.func.min(finite), sa.func.max(finite), sa.func.count())
    query = sa.select(METRICS.c.key, *columns).where(METRICS.c.run_uuid == run.id)
    rows: Iterable[Any] = connection.execute(query.group_by(METRICS.c.key))
    return {key: {"min": low, "max": high, "points": n} for key, low, high, n in rows}


def number(value: float, is_nan: bool) -> float | str:
    """A value of MLflow's tables; what is not finite as a word, which JSON has no number for."""
    if is_nan:
        return "NaN"
    if abs(value) >= HUGE:
        return "∞" if value > 0 else "−∞"
    return value


def _titles(connection: sa.Connection, runs: Sequence[Run]) -> dict[str, str]:
    """The names that Neptune's client gave to metrics, without the namespace of training."""
    ids = [run.container_id for run in runs if run.container_id]
    query = sa.select(attributes.c.key, attributes.c.path)
    query = query.where(attributes.c.container_id.in_(ids), attributes.c.type == "floatSeries")
    rows = connection.execute(query) if ids else []
    return {row.key: row.path.removeprefix("training/") for row in rows if row.key}


def _character(whole: str, code: int) -> str:
    return chr(code) if code < 0x110000 and chr(code).isprintable() else whole
