"""The files of attributes: put in place together with the attribute's row, or neither is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.containers import sys_attributes
from project.server.ingestion import parsing
from project.server.ingestion.assign import Attributes, TypeConflict
from project.server.ingestion.releasing import FILE, FILE_SET, discard_held, resize
from project.server.storage import artifact_paths, set_members
from project.server.storage.artifact_paths import ARTIFACT
from project.server.storage.set_members import Member
from project.server.store.tables import attributes
from project.server.store.values import Container, Row


@dataclass(frozen=True)
class Arrival:
    """What has come for a file set: its path there, and where it lies; None for a folder."""

    sub_path: str
    file: Path | None


def put_file(context: Context, container: Container, path: str, ext: str, file: Path) -> None:
    """Make `file`, which stays, the content of the file attribute `path`.

    Raises:
        Fault: the attribute has another type, or can't have this path.
        ApiError: the file can't be stored; then all is as it was.
    """
    name = path.rpartition("/")[2]
    text = orjson.dumps({"name": f"{name}.{ext}" if ext else name, "ext": ext}).decode()
    size = file.stat().st_size
    with context.storage.changing(container.id):
        key, former = reserve(context, container, path, FILE, artifact_paths.of_file(path, ext))
        context.storage.put(container, key, file)

        def write(connection: sa.Connection, row: Row) -> None:
            row.key, row.text, row.number = key, text, size

        with _undone(context, container, [key]):
            _commit(context, container, path, FILE, write)
        if former and former != key:
            context.storage.delete(container, former)


def put_members(
    context: Context, container: Container, path: str, arrived: list[Arrival], reset: bool = False
) -> None:
    """Add files to the file set `path`; with `reset`, they are all that it then has.

    Raises:
        Fault: the attribute has another type, or can't have this path.
        ApiError: a file can't be stored; those before it may have been replaced.
    """
    former: list[Member] = []
    with context.storage.changing(container.id):
        wanted = artifact_paths.of_folder(path)
        folder, known = reserve(context, container, path, FILE_SET, wanted)
        folder = known or folder

        def write(connection: sa.Connection, row: Row) -> None:
            if reset:
                former.extend(set_members.read(connection, container.id, path))
                names = (member.file for member in former)
                set_members.remove(connection, container.id, path, names)
            set_members.write(connection, context.database, container.id, path, members)
            row.key = folder
            row.number, row.length = set_members.count(connection, container.id, path)

        stored = [artifact_paths.within(folder, item.sub_path) for item in arrived if item.file]
        with _undone(context, container, stored):
            members = [_put_member(context, container, folder, item) for item in arrived]
            _commit(context, container, path, FILE_SET, write)
        old = (artifact_paths.within(folder, m.file) for m in former if not m.is_folder)
        discard_held(context, container, old)


def reserve(
    context: Context, container: Container, path: str, type_: str, wanted: str
) -> tuple[str, str | None]:
    """Where an attribute's files may stand, and where they do; the container's files are held.

    Raises:
        Fault: the attribute has another type, or can't have this path.
    """
    parsing.check_path(path)
    here = (attributes.c.container_id == container.id) & (attributes.c.path == path)
    query = sa.select(attributes.c.type, attributes.c.key).where(here)
    with context.database.read() as connection:
        known, key = connection.execute(query).one_or_none() or (type_, None)
        if known != type_:
            raise TypeConflict(path, known, type_)
        return artifact_paths.free(connection, container.id, path, wanted), key


@contextmanager
def _undone(context: Context, container: Container, stored: list[str]) -> Iterator[None]:
    """If the block raises, delete what is stored there and no attribute's."""
    try:
        yield
    except BaseException:
        discard_held(context, container, stored)
        raise


def _put_member(context: Context, container: Container, folder: str, item: Arrival) -> Member:
    now = time.time_ns() // 10**6
    if item.file is None:
        return Member(f"{item.sub_path}/", 0, now)
    context.storage.put(container, artifact_paths.within(folder, item.sub_path), item.file)
    return Member(item.sub_path, item.file.stat().st_size, now)


def _commit(
    context: Context,
    container: Container,
    path: str,
    type_: str,
    write: Callable[[sa.Connection, Row], None],
) -> None:
    """Write the attribute's row as `write` changes it.

    Raises:
        TypeConflict: meanwhile somebody else made it, with another type.
    """
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        found = Attributes(connection, context.database, container)
        row = found.have(path, type_)
        row.shown_as = ARTIFACT
        write(connection, row)
        found.flush()
        resize(connection, container.id)
        sys_attributes.touch(connection, container.id, time.time_ns() // 10**6)
