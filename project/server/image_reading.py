"""Reading image series: the entries in pages, and one picture by its place."""

from __future__ import annotations

from typing import Any, TypedDict

import orjson
import sqlalchemy as sa
from starlette.responses import Response

from project.server import containers
from project.server.access import Role
from project.server.assign import Row
from project.server.containers import Container
from project.server.context import Context
from project.server.downloads import BYTES, PICTURES, FileResponse
from project.server.errors import bad_request, not_found
from project.server.operation import operation
from project.server.releasing import IMAGES
from project.server.stored import find
from project.server.tables import entries

ROOT = "/api/leaderboard/v1/attributes/series/image"
# More entries than this are not held in memory at once.
MOST = 10_000


class Picture(TypedDict):
    """What is known of a picture besides its bytes."""

    name: str
    description: str


class ImagePoint(TypedDict):
    """An entry of an image series."""

    timestampMillis: int
    step: float
    value: Picture


class ImageSeriesValues(TypedDict):
    """Some entries of an image series, and how many it has."""

    totalItemCount: int
    values: list[ImagePoint]


@operation("leaderboard", "GET", ROOT, "getImageSeriesValues")
def get_values(
    context: Context, attribute: str, experimentId: str, limit: int = MOST, offset: int = 0
) -> ImageSeriesValues:
    """The entries from `offset` on, by step and then as they came."""
    if limit < 0 or not 0 <= offset < 2**63:
        raise bad_request("limit and offset can't be negative")
    container = containers.find(context, experimentId, Role.VIEWER)
    row = find(context, container, attribute, IMAGES)
    found = _read(context, container, row, min(limit, MOST), offset)
    return {"totalItemCount": row.length or 0, "values": [_point(*entry) for entry in found]}


@operation("leaderboard", "GET", f"{ROOT}/single", "getImageSeriesValue")
def get_value(context: Context, attribute: str, experimentId: str, index: int) -> Response:
    """The picture at this place of the series, from 0 on."""
    container = containers.find(context, experimentId, Role.VIEWER)
    row = find(context, container, attribute, IMAGES)
    found = _read(context, container, row, 1, index) if 0 <= index < 2**63 else []
    if not found:
        raise not_found("IMAGE_NOT_FOUND", f"the series has no picture {index}")
    path = orjson.loads(found[0].value)["file"]
    ext = path.rpartition(".")[2]
    file = context.storage.open(container, path)
    return FileResponse(file, f"{index}.{ext}", PICTURES.get(ext, BYTES))


def _read(
    context: Context, container: Container, row: Row, limit: int, offset: int
) -> list[sa.Row[Any]]:
    here = (entries.c.container_id == container.id) & (entries.c.path == row.path)
    query = sa.select(entries.c.step, entries.c.timestamp, entries.c.value).where(here)
    if row.number:  # some came out of order
        query = query.order_by(entries.c.step, entries.c.number).offset(offset)
    else:
        query = query.where(entries.c.number >= offset).order_by(entries.c.number)
    with context.database.read() as connection:
        return list(connection.execute(query.limit(limit)))


def _point(step: float, timestamp: int, value: str) -> ImagePoint:
    about = orjson.loads(value)
    shown: Picture = {"name": about["name"], "description": about["description"]}
    return {"timestampMillis": timestamp, "step": step, "value": shown}
