"""Reading image series: the entries in pages, and one picture by its place."""

from __future__ import annotations

from typing import TypedDict

import orjson
from starlette.responses import Response

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.downloads import BYTES, PICTURES, FileResponse
from project.server.api.operation import operation
from project.server.attributes.series import MOST, page_of, read_entries
from project.server.attributes.stored import find
from project.server.containers import containers
from project.server.errors import not_found
from project.server.ingestion.releasing import IMAGES

ROOT = "/api/leaderboard/v1/attributes/series/image"


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
    limit, offset = page_of(limit, offset)
    container = containers.find(context, experimentId, Role.VIEWER)
    row = find(context, container, attribute, IMAGES)
    with context.database.read() as connection:
        found = read_entries(connection, container.id, row, limit, offset)
    return {"totalItemCount": row.length or 0, "values": [_point(*entry) for entry in found]}


@operation("leaderboard", "GET", f"{ROOT}/single", "getImageSeriesValue")
def get_value(context: Context, attribute: str, experimentId: str, index: int) -> Response:
    """The picture at this place of the series, from 0 on."""
    container = containers.find(context, experimentId, Role.VIEWER)
    row = find(context, container, attribute, IMAGES)
    found = []
    if 0 <= index < 2**63:
        with context.database.read() as connection:
            found = read_entries(connection, container.id, row, 1, index)
    if not found:
        raise not_found("IMAGE_NOT_FOUND", f"the series has no picture {index}")
    path = orjson.loads(found[0].value)["file"]
    ext = path.rpartition(".")[2]
    file = context.storage.open(container, path)
    return FileResponse(file, f"{index}.{ext}", PICTURES.get(ext, BYTES))


def _point(step: float, timestamp: int, value: str) -> ImagePoint:
    about = orjson.loads(value)
    shown: Picture = {"name": about["name"], "description": about["description"]}
    return {"timestampMillis": timestamp, "step": step, "value": shown}
