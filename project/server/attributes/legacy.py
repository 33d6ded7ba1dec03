"""What `neptune.legacy`, the client's former API, reads of a container beside its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import sqlalchemy as sa

from project.server.api.properties import (
    BoolProperties,
    DatetimeProperties,
    FloatProperties,
    IntProperties,
    StringProperties,
    StringSetProperties,
    properties,
)


class SystemAttributes(TypedDict, total=False):
    """The properties of those attributes of `sys` that the container has."""

    shortId: StringProperties
    name: StringProperties
    description: StringProperties
    owner: StringProperties
    hostname: StringProperties
    state: StringProperties
    tags: StringSetProperties
    size: FloatProperties
    runningTime: FloatProperties
    monitoringTime: IntProperties
    creationTime: DatetimeProperties
    modificationTime: DatetimeProperties
    pingTime: DatetimeProperties
    failed: BoolProperties
    trashed: BoolProperties


PATHS = {
    "sys/id": "shortId",
    "sys/name": "name",
    "sys/description": "description",
    "sys/owner": "owner",
    "sys/hostname": "hostname",
    "sys/state": "state",
    "sys/tags": "tags",
    "sys/size": "size",
    "sys/running_time": "runningTime",
    "sys/monitoring_time": "monitoringTime",
    "sys/creation_time": "creationTime",
    "sys/modification_time": "modificationTime",
    "sys/ping_time": "pingTime",
    "sys/failed": "failed",
    "sys/trashed": "trashed",
}


def system_attributes(rows: Sequence[sa.Row[Any]], trashed: bool) -> SystemAttributes:
    """The members of SystemAttributes in these rows, whose first columns are COLUMNS."""
    return {PATHS[row[0]]: properties(row, trashed) for row in rows if row[0] in PATHS}
