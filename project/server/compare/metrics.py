"""Metrics of runs: their names, their last values, and how many they have."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from project.server.compare.visible import Run
from project.server.mlflow.points import LATEST, METRICS
from project.server.store.tables import attributes
from project.tracking.best import BEST

# MLflow's word for infinity.
HUGE = 1.7976931348623157e308
_CODE = re.compile(r":([0-9a-f]{1,6}):")


def title(key: str) -> str:
    """A metric's name as it was logged, where `layout.safe_name` had to rewrite it."""
    return _CODE.sub(lambda match: _character(match[0], int(match[1], 16)), key)


@dataclass(frozen=True)
class Metric:
    """A metric of several runs.

    Attributes:
        key: the store's.
        name: as it was logged.
        last: the last value by the run's id; NaN and infinities as such.
    """

    key: str
    name: str
    last: Mapping[str, float]


def listed(connection: sa.Connection, runs: Sequence[Run], ours: Collection[str]) -> list[Metric]:
    """The metrics of runs.

    Args:
        connection: to the store.
        runs: whose.
        ours: ids of this project's runs. Of these, what a tracker adds to say which values were the
            best is no metric: their records say it.
    """
    columns = (LATEST.c.run_uuid, LATEST.c.key, LATEST.c.value, LATEST.c.is_nan)
    query = sa.select(*columns).where(LATEST.c.run_uuid.in_([run.id for run in runs]))
    found: dict[str, dict[str, float]] = {}
    for row in connection.execute(query):
        if row.run_uuid not in ours or not row.key.startswith(BEST):
            found.setdefault(row.key, {})[row.run_uuid] = _float(row.value, row.is_nan)
    titles = _titles(connection, runs)
    return [Metric(key, titles.get(key, title(key)), last) for key, last in found.items()]


def _float(value: float, is_nan: bool) -> float:
    """A value of MLflow's tables as it was logged."""
    if is_nan:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) >= HUGE else value


def last_logged(connection: sa.Connection, runs: Sequence[Run]) -> dict[str, int]:
    """By run the time of its last point, unix ms."""
    columns = (LATEST.c.run_uuid, sa.func.max(LATEST.c.timestamp).label("logged"))
    query = sa.select(*columns).where(LATEST.c.run_uuid.in_([run.id for run in runs]))
    rows = connection.execute(query.group_by(LATEST.c.run_uuid))
    return {row.run_uuid: row.logged for row in rows}


def points(connection: sa.Connection, runs: Sequence[Run]) -> dict[str, dict[str, int]]:
    """Of each metric of runs, by their ids: the number of its points."""
    columns = (METRICS.c.run_uuid, METRICS.c.key, sa.func.count().label("n"))
    query = sa.select(*columns).where(METRICS.c.run_uuid.in_([run.id for run in runs]))
    found: dict[str, dict[str, int]] = {run.id: {} for run in runs}
    for row in connection.execute(query.group_by(METRICS.c.run_uuid, METRICS.c.key)):
        found[row.run_uuid][row.key] = row.n
    return found


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
