"""An attribute as the API shows it: its models, and how each is made from the attribute's row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypedDict

import orjson
import sqlalchemy as sa

from project.server.store.tables import attributes

TRASHED = "sys/trashed"
# In the state of a curve whose last point is a negative zero.
NEGATIVE = '"negative":true'
EPOCH = datetime(1970, 1, 1)
# What `shown` reads of a row, in this order; a query may select more after them.
COLUMNS = (
    attributes.c.path,
    attributes.c.type,
    attributes.c.text,
    attributes.c.number,
    attributes.c.step,
)


class Properties(TypedDict, total=False):
    """What every attribute has; in tables, where an Attribute says it itself, it is left out."""

    attributeName: str
    attributeType: str


class FloatProperties(Properties):
    """A float; NaN and infinity are shown as null."""

    value: float | None


class IntProperties(Properties):
    """An int."""

    value: int


class BoolProperties(Properties):
    """A bool."""

    value: bool


class StringProperties(Properties):
    """A string, or the state of a run: "running" or "idle"."""

    value: str


class DatetimeProperties(Properties):
    """A time, in UTC with milliseconds."""

    value: datetime


class FileProperties(Properties):
    """One file; its size in bytes."""

    name: str
    ext: str
    size: int


class FileSetProperties(Properties):
    """A set of files; its size in bytes."""

    size: int


class ArtifactProperties(Properties):
    """A tracked artifact."""

    hash: str


class FloatSeriesProperties(Properties):
    """A curve's last point."""

    last: float | None
    lastStep: float | None


class StringSeriesProperties(Properties):
    """A log's last line."""

    last: str | None
    lastStep: float | None


class ImageSeriesProperties(Properties):
    """A series of images."""

    lastStep: float | None


class StringSetProperties(Properties):
    """A set of strings, such as tags."""

    values: list[str]


class Commit(TypedDict):
    """A commit of git."""

    commitId: str
    message: str
    authorName: str
    authorEmail: str
    commitDate: str


class GitRefProperties(Properties):
    """The state of the code."""

    commit: Commit
    repositoryDirty: bool
    currentBranch: str | None
    remotes: list[str]


class NotebookRefProperties(Properties):
    """The notebook a run was started from."""

    notebookName: str | None


class Attribute(TypedDict, total=False):
    """An attribute with the one member of its type."""

    name: str
    type: str
    floatProperties: FloatProperties
    intProperties: IntProperties
    boolProperties: BoolProperties
    stringProperties: StringProperties
    datetimeProperties: DatetimeProperties
    experimentStateProperties: StringProperties
    fileProperties: FileProperties
    fileSetProperties: FileSetProperties
    artifactProperties: ArtifactProperties
    floatSeriesProperties: FloatSeriesProperties
    stringSeriesProperties: StringSeriesProperties
    imageSeriesProperties: ImageSeriesProperties
    stringSetProperties: StringSetProperties
    gitRefProperties: GitRefProperties
    notebookRefProperties: NotebookRefProperties


def iso(milliseconds: float) -> str:
    """Unix milliseconds as Neptune's client reads a time: 2026-11-21T07:02:33.123Z."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _json(text: str, number: float, step: float) -> dict[str, Any]:
    return orjson.loads(text)


def _file(text: str, number: float, step: float) -> dict[str, Any]:
    file = orjson.loads(text)
    return {"name": file["name"], "ext": file["ext"], "size": int(number)}


def _curve(text: str | None, number: float | None, step: float | None) -> dict[str, Any]:
    negative = number == 0 and NEGATIVE in (text or "")
    return {"last": -0.0 if negative else number, "lastStep": step}


Reader = Callable[[str | None, float | None, float | None], dict[str, Any]]
# The members of each type, from its row's text, number and step; its keys are all types there are.
READERS: dict[str, Reader] = {
    "float": lambda text, number, step: {"value": float(text) if text else number},
    "int": lambda text, number, step: {"value": int(text)},
    "bool": lambda text, number, step: {"value": bool(number)},
    "string": lambda text, number, step: {"value": text},
    "datetime": lambda text, number, step: {"value": iso(number)},
    "experimentState": lambda text, number, step: {"value": text},
    "file": _file,
    "fileSet": lambda text, number, step: {"size": int(number or 0)},
    "artifact": lambda text, number, step: {"hash": text},
    "floatSeries": _curve,
    "stringSeries": lambda text, number, step: {"last": text, "lastStep": step},
    "imageSeries": lambda text, number, step: {"lastStep": step},
    "stringSet": lambda text, number, step: {"values": orjson.loads(text)},
    "gitRef": _json,
    "notebookRef": _json,
}
MEMBERS = {type_: f"{type_}Properties" for type_ in READERS}


def shown(row: sa.Row[Any] | tuple[Any, ...], trashed: bool) -> dict[str, Any]:
    """The attribute in this row, whose first columns are COLUMNS, as an Attribute.

    Args:
        row: the attribute's.
        trashed: whether its container is, in MLflow too, which doesn't know the attribute.
    """
    path, type_, text, number, step = row[:5]
    members = {"value": trashed} if path == TRASHED else READERS[type_](text, number, step)
    return {"name": path, "type": type_, MEMBERS[type_]: members}


def properties(row: sa.Row[Any] | tuple[Any, ...], trashed: bool) -> dict[str, Any]:
    """The properties of the attribute alone; the arguments are as of `shown`."""
    type_ = row[1]
    found = shown(row, trashed)
    return {"attributeName": row[0], "attributeType": type_, **found[MEMBERS[type_]]}


def named(row: sa.Row[Any] | tuple[Any, ...], trashed: bool) -> dict[str, Any]:
    """As `shown`, with the properties saying again what the Attribute says."""
    path, type_ = row[:2]
    return {"name": path, "type": type_, MEMBERS[type_]: properties(row, trashed)}
