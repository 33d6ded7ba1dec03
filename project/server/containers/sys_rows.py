"""Rows of the table of attributes in the namespace `sys`, which the server writes itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from project.server.store.tables import attributes

EMPTY = {"type": None, "key": None, "shown_as": None}
EMPTY |= {"text": None, "number": None, "step": None, "length": None}


def row(container_id: str, path: str, type_: str, **columns: Any) -> dict[str, Any]:
    """One row of the table of attributes; columns that are not given are empty."""
    return {**EMPTY, "container_id": container_id, "path": path, "type": type_, **columns}


def put(connection: sa.Connection, container_id: str, name: str, **columns: Any) -> None:
    """Set columns of the attribute `sys/name`, where the container has it."""
    here = (attributes.c.container_id == container_id) & (attributes.c.path == f"sys/{name}")
    connection.execute(attributes.update().where(here).values(columns))


def add_time(connection: sa.Connection, container_id: str, seconds: float) -> None:
    """Note that the container has been running for some more seconds."""
    here = attributes.c.container_id == container_id
    query = sa.select(attributes.c.number).where(here, attributes.c.path == "sys/running_time")
    total = (connection.execute(query).scalar() or 0) + seconds
    put(connection, container_id, "running_time", number=total)
    put(connection, container_id, "monitoring_time", number=int(total), text=str(int(total)))
