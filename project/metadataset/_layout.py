"""How the index lies in SQLite: tables of JSON for us, and views with columns for everybody."""

import sqlite3
from functools import cache
from pathlib import Path
from zlib import crc32

from project.metadataset.tables import EXPERIMENT, SHARED, TABLES

# The sources that say what stands in a row: an index that others have made is made anew.
_SOURCES = (
    *("metadataset._layout", "metadataset.facts", "metadataset.tables", "comparison.loading"),
    *("comparison.progress", "comparison.values", "provenance.record", "cli.roles"),
    "plugs.__init__",
)
# SQLite gives no more than 2,000 columns.
_MOST = 1900


def create(database: sqlite3.Connection) -> None:
    """Make empty tables in place of whatever is there, unless it is of this version.

    Raises:
        sqlite3.Error: they can't be written, or another process has them for too long.
    """
    if _version(database) == own_version():
        return
    database.execute("BEGIN IMMEDIATE")
    if _version(database) != own_version():  # another process may have been faster
        found = database.execute("SELECT type, name FROM sqlite_master").fetchall()
        for kind, name in found:
            if kind in ("table", "view"):
                database.execute(f"DROP {kind} IF EXISTS {_quoted(name)}")
        for table in SHARED:
            database.execute(f"CREATE TABLE {table}_ (id TEXT PRIMARY KEY, facts TEXT NOT NULL)")
        ids = ", ".join(f"{table} TEXT" for table in SHARED)
        database.execute(
            "CREATE TABLE run_ (path TEXT PRIMARY KEY, mark TEXT NOT NULL, problem TEXT,"
            f" run_id TEXT, status TEXT, facts TEXT, classes TEXT, {ids})"
        )
        database.execute(f"PRAGMA user_version = {own_version()}")
    database.execute("COMMIT")


@cache
def own_version() -> int:
    """A number that is another one for other sources."""
    package = Path(__file__).parents[1]
    paths = (package.joinpath(*f"{name}.py".split(".", 1)) for name in _SOURCES)
    return crc32(b"".join(path.read_bytes() for path in paths)) & 0x7FFFFFFF


def _version(database: sqlite3.Connection) -> int:
    return database.execute("PRAGMA user_version").fetchone()[0]


def make_views(database: sqlite3.Connection) -> None:
    """Make a view of each table that has a column for each name that any row has.

    Scores of classes are left out: they would be columns for each class.
    """
    for table in TABLES:
        view = _view(database, table)
        have = "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?"
        if database.execute(have, (table,)).fetchone() != (view,):
            database.execute(f"DROP VIEW IF EXISTS {table}")
            database.execute(view)


def _view(database: sqlite3.Connection, table: str) -> str:
    own = "run_" if table == EXPERIMENT else f"{table}_"
    found = database.execute(
        f"SELECT DISTINCT key FROM {own}, json_each({own}.facts) WHERE {own}.facts IS NOT NULL"
    )
    names = [name for (name,) in found if '"' not in name and "'" not in name][:_MOST]
    columns = [f"""json_extract(facts, '$."{name}"') AS {_quoted(name)}""" for name in names]
    ids = ["path", *(f"{name} AS {name}_id" for name in SHARED)] if table == EXPERIMENT else ["id"]
    where = " WHERE facts IS NOT NULL" if table == EXPERIMENT else ""
    return f"CREATE VIEW {table} AS SELECT {', '.join([*ids, *columns])} FROM {own}{where}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
