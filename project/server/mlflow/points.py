"""Points of curves in MLflow's tables `metrics` and `latest_metrics`, and in our `fractions`.

A curve all of whose steps are whole stands in `metrics` alone. One with a fractional step stands
whole in `fractions`, and in `metrics` as far as that can hold it, with steps rounded down.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric

from project.server.store.tables import fractions, negative_zeros

METRICS, LATEST = SqlMetric.__table__, SqlLatestMetric.__table__
Stored = tuple[str, float, int, float]  # key, step, timestamp, value


class Point(NamedTuple):
    """A point as it is read."""

    step: float
    timestamp: int
    value: float


# A point whose primary key is there already is the same one. Through the driver, without the
# expression language, whose cost for each row is as much as the database's.
INSERT = {
    "sqlite": "INSERT OR IGNORE INTO {table} (key, step, timestamp, value, run_uuid{more})"
    " VALUES (?, ?, ?, ?, '{run_uuid}'{false})",
    "postgresql": "INSERT INTO {table} (key, step, timestamp, value, run_uuid{more})"
    " SELECT key, step, timestamp, value, '{run_uuid}'{false} FROM unnest("
    "%b::text[], %b::{step}[], %b::bigint[], %b::double precision[])"
    " AS given (key, step, timestamp, value) ON CONFLICT DO NOTHING",
}
# MLflow's own order: by step, time and value (`_update_latest_metrics_if_necessary`).
SHOW_LATEST = sa.text(
    "INSERT INTO latest_metrics (key, step, timestamp, value, run_uuid, is_nan)"
    " VALUES (:key, :step, :timestamp, :value, :run_uuid, :is_nan)"
    " ON CONFLICT (key, run_uuid) DO UPDATE SET step = excluded.step, is_nan = excluded.is_nan,"
    " timestamp = excluded.timestamp, value = excluded.value"
    " WHERE (excluded.step, excluded.timestamp, excluded.value)"
    " > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"
)


def insert(connection: sa.Connection, run_uuid: str, table: sa.Table, stored: list[Stored]) -> int:
    """Insert points into `metrics` or `fractions`; returns how many of them were new."""
    if not stored:
        return 0
    assert run_uuid.isalnum()  # it stands in the statement
    whole = table is METRICS
    dialect = connection.dialect.name
    statement = INSERT[dialect].format(
        table=table.name,
        run_uuid=run_uuid,
        step="bigint" if whole else "double precision",
        more=", is_nan" if whole else "",
        false=", false" if whole else "",
    )
    if dialect == "sqlite":
        return connection.exec_driver_sql(statement, stored).rowcount
    columns = tuple(list(column) for column in zip(*stored, strict=True))
    return connection.exec_driver_sql(statement, columns).rowcount


def is_negative_zero(value: float) -> bool:
    """Whether it is the zero that has a sign."""
    return value == 0 and math.copysign(1, value) < 0


def mark_negative_zeros(connection: sa.Connection, run_uuid: str, stored: list[Stored]) -> None:
    """Note which points are negative zeros, in a store that has no sign for them."""
    if connection.dialect.name != "sqlite":
        return
    rows = [
        {"run_uuid": run_uuid, "key": key, "step": float(step), "timestamp": timestamp}
        for key, step, timestamp, value in stored
        if is_negative_zero(value)
    ]
    if rows:
        connection.execute(negative_zeros.insert().prefix_with("OR IGNORE"), rows)


def show_latest(connection: sa.Connection, run_uuid: str, latest: list[Stored]) -> None:
    """Let MLflow show these as the last points of their curves, where it shows no later ones."""
    rows = [
        {"key": key, "step": step, "timestamp": timestamp, "value": value}
        | {"run_uuid": run_uuid, "is_nan": False}
        for key, step, timestamp, value in sorted(latest)
    ]
    if rows:
        connection.execute(SHOW_LATEST, rows)


def copy_whole(connection: sa.Connection, run_uuid: str, key: str) -> None:
    """Copy a curve, whose steps were all whole so far, to `fractions`."""
    columns = ("run_uuid", "key", "step", "timestamp", "value")
    query = sa.select(*(METRICS.c[name] for name in columns)).where(_here(METRICS, run_uuid, key))
    connection.execute(fractions.insert().from_select(columns, query))


def clear(connection: sa.Connection, run_uuid: str, key: str) -> None:
    """Remove all points of a curve."""
    for table in (METRICS, LATEST, fractions, negative_zeros):
        connection.execute(table.delete().where(_here(table, run_uuid, key)))


def count(connection: sa.Connection, run_uuid: str, table: sa.Table, key: str) -> int:
    """The number of points of a curve."""
    query = sa.select(sa.func.count()).select_from(table).where(_here(table, run_uuid, key))
    return connection.execute(query).scalar_one()


def page(
    connection: sa.Connection,
    run_uuid: str,
    table: sa.Table,
    key: str,
    step: float,
    skip: int,
    limit: int,
) -> list[Point]:
    """Points from the step on, without the first `skip`, in order."""
    sqlite = connection.dialect.name == "sqlite"
    arrival = sa.literal_column("rowid") if sqlite else table.c.value
    query = (
        sa.select(table.c.step, table.c.timestamp, table.c.value)
        .where(_here(table, run_uuid, key), table.c.step >= step)
        .order_by(table.c.step, table.c.timestamp, arrival)
        .limit(limit)
        .offset(skip)
    )
    found = [Point(*row) for row in connection.execute(query)]
    return _signed(connection, run_uuid, key, found) if sqlite else found


def _signed(connection: sa.Connection, run_uuid: str, key: str, found: list[Point]) -> list[Point]:
    """The points, with the sign of their zeros."""
    zeros = [point for point in found if point.value == 0]
    if not zeros:
        return found
    signed = negative_zeros.c
    within = signed.step.between(float(zeros[0].step), float(zeros[-1].step))
    query = sa.select(signed.step, signed.timestamp).where(_here(negative_zeros, run_uuid, key))
    marked = {tuple(row) for row in connection.execute(query.where(within))}
    return [
        Point(step, timestamp, -0.0 if not value and (step, timestamp) in marked else value)
        for step, timestamp, value in found
    ]


def locate(
    connection: sa.Connection, run_uuid: str, table: sa.Table, key: str, offset: int
) -> tuple[float, int]:
    """The step of the point at `offset`, and how many points of this step come before it.

    It is found in the index alone, which is 10 times as fast as in the table.
    """
    here = _here(table, run_uuid, key)
    at = sa.select(table.c.step).where(here).order_by(table.c.step).limit(1).offset(offset)
    step = connection.execute(at).scalar_one()
    number = sa.select(sa.func.count()).select_from(table).where(here)
    if connection.execute(number.where(table.c.step == step)).scalar_one() == 1:
        return step, 0
    return step, offset - connection.execute(number.where(table.c.step < step)).scalar_one()


def _here(table: sa.Table, run_uuid: str, key: str) -> sa.ColumnElement[bool]:
    return (table.c.run_uuid == run_uuid) & (table.c.key == key)
