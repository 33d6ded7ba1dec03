"""Files that attributes let go of: found within the transaction, deleted once it is over."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.containers import sys_rows
from project.server.ingestion.assign import Attributes
from project.server.storage import set_members
from project.server.storage.artifact_paths import ARTIFACT, within
from project.server.store.tables import attributes, entries
from project.server.store.values import Container, Row

FILE, FILE_SET, IMAGES = "file", "fileSet", "imageSeries"


def take_out(found: Attributes, path: str, sub_paths: Iterable[str]) -> list[str]:
    """Take files, and all below folders, out of a file set; what isn't there is passed over.

    Returns:
        What `discard` is to be called with once the transaction is over.
    Raises:
        TypeConflict: the attribute is of another type.
    """
    row = found.known(path, FILE_SET)
    if row is None:
        return []
    wanted = {name.replace("\\", "/").strip("/") for name in sub_paths}
    container_id = found.container.id
    gone = [
        member
        for member in set_members.read(found.connection, container_id, path)
        if not wanted.isdisjoint(_with_folders(member.file.rstrip("/")))
    ]
    set_members.remove(found.connection, container_id, path, (m.file for m in gone))
    row.number, row.length = set_members.count(found.connection, container_id, path)
    return [within(row.key, member.file) for member in gone if not member.is_folder]


def give_up(found: Attributes, row: Row) -> list[str]:
    """Let go of all files of an attribute that is deleted or cleared.

    To be called before the entries of an image series are deleted, which it leaves to others.

    Returns:
        What `discard` is to be called with once the transaction is over.
    """
    container_id = found.container.id
    gone = _claims(found.connection, container_id, row.path, row.type, row.key)
    if row.type == FILE_SET:
        members = set_members.read(found.connection, container_id, row.path)
        names = (member.file for member in members)
        set_members.remove(found.connection, container_id, row.path, names)
    return sorted(gone)


def discard(context: Context, container: Container, paths: Iterable[str]) -> None:
    """Delete stored files, but those that an attribute has again."""
    paths = list(paths)
    if paths:
        with context.storage.changing(container.id):
            discard_held(context, container, paths)


def discard_held(context: Context, container: Container, paths: Iterable[str]) -> None:
    """The same where the container's files are held already."""
    paths = set(paths)
    if not paths:
        return
    above = {folder for path in paths for folder in _with_folders(path)}
    columns = (attributes.c.path, attributes.c.type, attributes.c.key)
    mine = (attributes.c.container_id == container.id) & (attributes.c.shown_as == ARTIFACT)
    with context.database.read() as connection:
        rows = connection.execute(sa.select(*columns).where(mine)).all()
        for row in rows:
            if row.key in above:
                paths -= _claims(connection, container.id, *row)
    for path in sorted(paths):
        context.storage.delete(container, path)


def resize(connection: sa.Connection, container_id: str) -> None:
    """Note in `sys/size` how many bytes the container's files and file sets have."""
    mine = (attributes.c.container_id == container_id) & attributes.c.type.in_([FILE, FILE_SET])
    found = connection.execute(sa.select(sa.func.sum(attributes.c.number)).where(mine))
    sys_rows.put(connection, container_id, "size", number=found.scalar() or 0)


def _claims(
    connection: sa.Connection, container_id: str, path: str, type_: str, key: str | None
) -> set[str]:
    """The stored files that belong to one attribute."""
    if type_ == FILE:
        return {key}
    if type_ == FILE_SET:
        members = set_members.read(connection, container_id, path)
        return {within(key, member.file) for member in members if not member.is_folder}
    if type_ == IMAGES:
        here = (entries.c.container_id == container_id) & (entries.c.path == path)
        values = connection.execute(sa.select(entries.c.value).where(here)).scalars()
        return {orjson.loads(value)["file"] for value in values}
    return set()


def _with_folders(path: str) -> list[str]:
    """The path and all folders it is in."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
