"""A storage is opened: its tables are made, or those of another version or program refused."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from project.search.storage import tables
from project.search.storage.address import shown
from project.search.storage.database import Database

# Optuna notes its version in a table that others have, too, and would take theirs for its own.
_VERSIONS, _STUDIES = "alembic_version", "studies"


def prepare(database: Database) -> None:
    """Make what is missing.

    Raises:
        ValueError: it can't be reached, or is of another version or program.
        OSError: the file's folder can't be made, or the disk is full.
    """
    if database.is_sqlite:
        path = Path(str(database.url.database))
        if path.is_dir():
            raise ValueError(f"the storage {path} is a folder: give a file")
        path.parent.mkdir(parents=True, exist_ok=True)
    if (version := database.read(_version)) is None:
        version = database.write(lambda connection: _make(database, connection))
    if version != tables.VERSION:
        raise ValueError(
            f"the storage {shown(database.url)} has version {version} of the tables of sweeps, this"
            f" project version {tables.VERSION}: use the project's version that made it, or another"
            " storage"
        )


def _version(connection: sa.Connection) -> int | None:
    if not sa.inspect(connection).has_table(tables.storage.name):
        return None
    return connection.execute(sa.select(sa.func.max(tables.storage.c.version))).scalar()


def _make(database: Database, connection: sa.Connection) -> int:
    database.alone(connection, "tables")
    if (version := _version(connection)) is not None:  # another was faster
        return version
    there = set(sa.inspect(connection).get_table_names())
    if _VERSIONS in there and _STUDIES not in there:
        raise ValueError(
            f"the storage {shown(database.url)} is another program's, as MLflow's: give sweeps a"
            " database of their own"
        )
    tables.METADATA.create_all(connection)
    connection.execute(database.insert(tables.storage).values(version=tables.VERSION))
    return tables.VERSION
