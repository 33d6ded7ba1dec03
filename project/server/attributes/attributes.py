"""Reading the attributes of a container: all of them, or one by its path and type."""

from __future__ import annotations

from typing import Any, TypedDict

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.api.properties import (
    COLUMNS,
    ArtifactProperties,
    Attribute,
    BoolProperties,
    DatetimeProperties,
    FileProperties,
    FloatProperties,
    FloatSeriesProperties,
    IntProperties,
    StringProperties,
    StringSeriesProperties,
    StringSetProperties,
    named,
    properties,
)
from project.server.attributes.legacy import SystemAttributes, system_attributes
from project.server.attributes.stored import check
from project.server.containers import containers
from project.server.store.tables import attributes

ROOT = "/api/leaderboard/v1/attributes"


class ExperimentAttributes(TypedDict):
    """All attributes of one container."""

    id: str
    attributes: list[Attribute]
    systemAttributes: SystemAttributes


@operation("leaderboard", "GET", ROOT, "getExperimentAttributes")
def get_all(context: Context, experimentId: str) -> ExperimentAttributes:
    """All attributes of a run, model, model version or project."""
    container = containers.find(context, experimentId, Role.VIEWER)
    query = sa.select(*COLUMNS).where(attributes.c.container_id == container.id)
    with context.database.read() as connection:
        rows = connection.execute(query.order_by(attributes.c.path)).all()
    return {
        "id": container.id,
        "attributes": [named(row, container.trashed) for row in rows],
        "systemAttributes": system_attributes(rows, container.trashed),
    }


def read(context: Context, experiment: str, path: str, type_: str) -> dict[str, Any]:
    """The properties of one attribute.

    Raises:
        ApiError: the container or the attribute is not there, or is of another type.
    """
    container = containers.find(context, experiment, Role.VIEWER)
    here = (attributes.c.container_id == container.id) & (attributes.c.path == path)
    with context.database.read() as connection:
        row = connection.execute(sa.select(*COLUMNS).where(here)).one_or_none()
    check(row, path, type_)
    return properties(row, container.trashed)


@operation("leaderboard", "GET", f"{ROOT}/floats", "getFloatAttribute")
def get_float(context: Context, attribute: str, experimentId: str) -> FloatProperties:
    """A float."""
    return read(context, experimentId, attribute, "float")


@operation("leaderboard", "GET", f"{ROOT}/integers", "getIntAttribute")
def get_int(context: Context, attribute: str, experimentId: str) -> IntProperties:
    """An int."""
    return read(context, experimentId, attribute, "int")


@operation("leaderboard", "GET", f"{ROOT}/booleans", "getBoolAttribute")
def get_bool(context: Context, attribute: str, experimentId: str) -> BoolProperties:
    """A bool."""
    return read(context, experimentId, attribute, "bool")


@operation("leaderboard", "GET", f"{ROOT}/strings", "getStringAttribute")
def get_string(context: Context, attribute: str, experimentId: str) -> StringProperties:
    """A string."""
    return read(context, experimentId, attribute, "string")


@operation("leaderboard", "GET", f"{ROOT}/datetimes", "getDatetimeAttribute")
def get_datetime(context: Context, attribute: str, experimentId: str) -> DatetimeProperties:
    """A time."""
    return read(context, experimentId, attribute, "datetime")


@operation("leaderboard", "GET", f"{ROOT}/files", "getFileAttribute")
def get_file(context: Context, attribute: str, experimentId: str) -> FileProperties:
    """A file's name, extension and size."""
    return read(context, experimentId, attribute, "file")


@operation("leaderboard", "GET", f"{ROOT}/artifacts", "getArtifactAttribute")
def get_artifact(context: Context, attribute: str, experimentId: str) -> ArtifactProperties:
    """An artifact's hash."""
    return read(context, experimentId, attribute, "artifact")


@operation("leaderboard", "GET", f"{ROOT}/floatSeries", "getFloatSeriesAttribute")
def get_floats(context: Context, attribute: str, experimentId: str) -> FloatSeriesProperties:
    """The last point of a curve."""
    return read(context, experimentId, attribute, "floatSeries")


@operation("leaderboard", "GET", f"{ROOT}/stringSeries", "getStringSeriesAttribute")
def get_strings(context: Context, attribute: str, experimentId: str) -> StringSeriesProperties:
    """The last line of a log."""
    return read(context, experimentId, attribute, "stringSeries")


@operation("leaderboard", "GET", f"{ROOT}/stringSets", "getStringSetAttribute")
def get_set(context: Context, attribute: str, experimentId: str) -> StringSetProperties:
    """A set of strings."""
    return read(context, experimentId, attribute, "stringSet")
