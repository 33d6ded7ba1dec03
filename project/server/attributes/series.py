"""Reading the values of float and string series, in pages."""

from __future__ import annotations

from typing import Any, TypedDict

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.attributes.stored import check
from project.server.containers import containers
from project.server.errors import bad_request
from project.server.ingestion import curves, lines
from project.server.ingestion.assign import Attributes
from project.server.mlflow import points
from project.server.store.tables import entries
from project.server.store.values import Container, Row

ROOT = "/api/leaderboard/v1/attributes/series"
# The client asks for 1,000 at a time; more than this would be held in memory at once.
MOST = 10_000


class FloatPoint(TypedDict):
    """A point of a curve."""

    timestampMillis: int
    step: float
    value: float


class FloatSeriesValues(TypedDict):
    """Some points of a curve, and how many it has."""

    totalItemCount: int
    values: list[FloatPoint]


class StringPoint(TypedDict):
    """An entry of a log."""

    timestampMillis: int
    step: float
    value: str


class StringSeriesValues(TypedDict):
    """Some entries of a log, and how many it has."""

    totalItemCount: int
    values: list[StringPoint]


@operation("leaderboard", "GET", f"{ROOT}/float", "getFloatSeriesValues")
def get_float_values(
    context: Context, attribute: str, experimentId: str, limit: int = MOST, offset: int = 0
) -> FloatSeriesValues:
    """The points from `offset` on, by step and time."""
    limit, offset = page_of(limit, offset)
    container = containers.find(context, experimentId, Role.VIEWER)
    with context.database.read() as connection:
        row = _row(context, connection, container, attribute, curves.TYPE)
        found = read_floats(connection, container.run_uuid, row, limit, offset)
    return _page(row, found)


@operation("leaderboard", "GET", f"{ROOT}/string", "getStringSeriesValues")
def get_string_values(
    context: Context, attribute: str, experimentId: str, limit: int = MOST, offset: int = 0
) -> StringSeriesValues:
    """The entries from `offset` on, by step and then as they came."""
    limit, offset = page_of(limit, offset)
    container = containers.find(context, experimentId, Role.VIEWER)
    with context.database.read() as connection:
        row = _row(context, connection, container, attribute, lines.TYPE)
        found = read_entries(connection, container.id, row, limit, offset)
    return _page(row, found)


def read_floats(
    connection: sa.Connection, run_uuid: str, row: Row, limit: int, offset: int
) -> list[sa.Row[Any]]:
    """Points (step, timestamp, value) of a float series, in order."""
    if offset >= (row.length or 0):
        return []
    state, skip = curves.State.of(row), 0
    if state.first is not None:
        step: float = state.first + offset
    else:
        step, skip = points.locate(connection, run_uuid, state.table, row.key, offset)
    return points.page(connection, run_uuid, state.table, row.key, step, skip, limit)


def read_entries(
    connection: sa.Connection, container_id: str, row: Row, limit: int, offset: int
) -> list[sa.Row[Any]]:
    """Entries (step, timestamp, value) of a string or image series, in order."""
    columns = (entries.c.step, entries.c.timestamp, entries.c.value)
    here = (entries.c.container_id == container_id) & (entries.c.path == row.path)
    query = sa.select(*columns).where(here).limit(limit)
    if row.number:  # some came out of order
        query = query.order_by(entries.c.step, entries.c.number).offset(offset)
    else:
        query = query.where(entries.c.number >= offset).order_by(entries.c.number)
    return list(connection.execute(query))


def _row(
    context: Context, connection: sa.Connection, container: Container, path: str, type_: str
) -> Row:
    row = Attributes(connection, context.database, container).get(path)
    check(row, path, type_)
    return row


def _page(row: Row, found: list[sa.Row[Any]]) -> dict[str, Any]:
    values = [
        {"timestampMillis": timestamp, "step": step, "value": value}
        for step, timestamp, value in found
    ]
    return {"totalItemCount": row.length or 0, "values": values}


def page_of(limit: int, offset: int) -> tuple[int, int]:
    """The part of a series that a request asks for, at most MOST entries of it.

    Raises:
        ApiError: 400, there is no such part.
    """
    if limit < 0 or not 0 <= offset < 2**63:
        raise bad_request("limit and offset can't be negative")
    return min(limit, MOST), offset
