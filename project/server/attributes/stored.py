"""The row of an attribute that a request wants to read."""

from __future__ import annotations

import sqlalchemy as sa

from project.server.api.context import Context
from project.server.errors import ApiError, not_found
from project.server.ingestion.assign import COLUMNS
from project.server.store.tables import attributes
from project.server.store.values import Container, Row


def find(context: Context, container: Container, path: str, type_: str) -> Row:
    """The attribute's row.

    Raises:
        ApiError: 404, it isn't there; 400, it has another type.
    """
    here = (attributes.c.container_id == container.id) & (attributes.c.path == path)
    with context.database.read() as connection:
        found = connection.execute(sa.select(*COLUMNS).where(here)).one_or_none()
    check(found, path, type_)
    return Row(*found)


def check(row: sa.Row | Row | None, path: str, type_: str) -> None:
    """Let a row pass that is there and of this type.

    Raises:
        ApiError: 404, it isn't there; 400, it has another type.
    """
    if row is None:
        raise not_found("ATTRIBUTE_NOT_FOUND", f"there is no attribute {path[:200]!r}")
    if row.type != type_:
        title = f"the attribute {path[:200]!r} is of type {row.type}, not {type_}"
        raise ApiError(400, "METADATA_INCONSISTENCY", title)
