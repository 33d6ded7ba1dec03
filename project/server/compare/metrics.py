"""Metrics of runs: their names, their last and their extreme values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from project.comparison.metric_names import better, group, rank
from project.server.compare.visible import Run
from project.server.mlflow.points import LATEST, METRICS
from project.server.store.tables import attributes

# MLflow's word for infinity.
HUGE = 1.7976931348623157e308
FINITE = sa.not_(METRICS.c.is_nan) & (sa.func.abs(METRICS.c.value) < HUGE)
_CODE = re.compile(r":([0-9a-f]{1,6}):")


def title(key: str) -> str:
    """A metric's name as it was logged, where `_mlflow_layout.safe_name` had to rewrite it."""
    return _CODE.sub(lambda match: _character(match[0], int(match[1], 16)), key)


def listed(connection: sa.Connection, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The metrics of runs: key, title, group, which is better, and each run's last point."""
    ids = [run.id for run in runs]
    columns = (LATEST.c.run_uuid, LATEST.c.key, LATEST.c.value, LATEST.c.step, LATEST.c.is_nan)
    query = sa.select(*columns).where(LATEST.c.run_uuid.in_(ids))
    last: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query):
        shown = {"value": number(row.value, row.is_nan), "step": row.step}
        last.setdefault(row.key, {})[row.run_uuid] = shown
    titles = _titles(connection, runs)
    return [
        {
            "key": key,
            "title": titles.get(key, title(key)),
            "group": group(key),
            "better": better(key),
            "last": [last[key].get(id_) for id_ in ids],
        }
        for key in sorted(last, key=rank)
    ]


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
