"""Optuna's own tables: made where there are none, those of another Optuna refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import optuna
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from optuna.storages._rdb import models

from project.search.storage.database import Database

_versions = models.VersionInfoModel.__table__


def make_tables(database: Database, connection: sa.Connection) -> None:
    """Make those that are missing, and note their version as Optuna does.

    Raises:
        ValueError: they are of another version than the installed Optuna's.
    """
    there = sa.inspect(connection)
    if there.has_table(_versions.name) and there.has_table("alembic_version"):
        _check(connection)
        return
    models.BaseModel.metadata.create_all(connection)
    version = {"version_info_id": 1, "schema_version": models.SCHEMA_VERSION}
    noted = database.insert(_versions).values(**version, library_version=optuna.__version__)
    connection.execute(noted.on_conflict_do_nothing())
    MigrationContext.configure(connection).stamp(_scripts(), _head())


def _check(connection: sa.Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found != (head := _head()):
        raise ValueError(
            f"the storage has Optuna's tables of version {found}, and Optuna {optuna.__version__}"
            f" has {head}: update Optuna, or the tables by `optuna storage upgrade --storage URL`"
        )


@cache
def _head() -> str | None:
    """The installed Optuna's version of them; to find it takes as long as to write ten trials."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(models.__file__).parent / "alembic"))
