"""The files of a file set, as rows: which there are, how large, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from project.server.store.database import ROWS_AT_ONCE, Database
from project.server.store.tables import set_files


@dataclass(frozen=True)
class Member:
    """One file of a set.

    Attributes:
        file: its path in the set; a folder's own ends with "/".
        size: in bytes; 0 of a folder.
        changed: when it came, in unix ms.
    """

    file: str
    size: int
    changed: int

    @property
    def is_folder(self) -> bool:
        return self.file.endswith("/")


def read(connection: sa.Connection, container_id: str, path: str) -> list[Member]:
    """The files of the set `path`, by name."""
    columns = [set_files.c.file, set_files.c.size, set_files.c.changed]
    query = sa.select(*columns).where(_here(container_id, path)).order_by(set_files.c.file)
    return [Member(*row) for row in connection.execute(query)]


def write(
    connection: sa.Connection,
    database: Database,
    container_id: str,
    path: str,
    members: Iterable[Member],
) -> None:
    """Add files to the set, or replace those of the same name."""
    own = {"container_id": container_id, "path": path}
    rows = [{**own, **vars(member)} for member in members]
    if rows:
        insert = database.insert(set_files)
        changed = {name: insert.excluded[name] for name in ("size", "changed")}
        keys = [*own, "file"]
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def remove(connection: sa.Connection, container_id: str, path: str, files: Iterable[str]) -> None:
    """Take files out of the set."""
    names = sorted(files)
    for start in range(0, len(names), ROWS_AT_ONCE):
        end = start + ROWS_AT_ONCE
        some = set_files.c.file.in_(names[start:end])
        connection.execute(set_files.delete().where(_here(container_id, path), some))


def count(connection: sa.Connection, container_id: str, path: str) -> tuple[int, int]:
    """The size of all files of the set, in bytes, and how many there are."""
    found = sa.select(sa.func.sum(set_files.c.size), sa.func.count())
    size, number = connection.execute(found.where(_here(container_id, path))).one()
    return int(size or 0), number


def _here(container_id: str, path: str) -> sa.ColumnElement[bool]:
    return (set_files.c.container_id == container_id) & (set_files.c.path == path)
