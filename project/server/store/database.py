"""Transactions on the store: MLflow's own tables and ours beside them, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from project.server.store.outage import Outage, is_away
from project.server.store.tables import METADATA
from project.tracking.mlflow.settings import bounded

# A writer waits so long for another process's transaction, in ms.
BUSY_TIMEOUT = 60_000
# SQLite takes 32,766 bound values a statement at most, PostgreSQL 65,535.
ROWS_AT_ONCE = 1000


class Database:
    """The store; safe for threads. Our tables are made where they are missing.

    A context manager, at whose end its connections are closed; it can be used again all the same.

    Attributes:
        outage: whether it is away just now.
    """

    def __init__(self, uri: str) -> None:
        self._sqlite = sa.make_url(uri).get_backend_name() == "sqlite"
        options = {} if self._sqlite else {"pool_size": 10, "max_overflow": 30}
        self.engine = sa.create_engine(bounded(uri), pool_pre_ping=not self._sqlite, **options)
        self.outage = Outage()
        # SQLite lets one writer in at a time; a queue here is fairer than its busy waits.
        self._writing = Lock()
        if self._sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
        self._make_tables()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections that nobody uses."""
        self.engine.dispose()

    def answers(self) -> bool:
        """Whether it answers just now; its log says when that changes."""
        try:
            with self.read() as connection:
                connection.execute(sa.select(1))
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if not is_away(error):
                raise
            self.outage.begun(error)
            return False
        self.outage.over()
        return True

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store and changes nothing."""
        with self.engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: all that is done in it is there afterwards, or nothing if it raises."""
        if not self._sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writing, self.engine.connect() as connection:
            # Taken at once: a reader that becomes a writer can't wait for another writer.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def insert(self, table: sa.Table) -> Any:
        """`INSERT` of this store's dialect, which has `on_conflict_do_nothing` and `_update`."""
        return (sqlite if self._sqlite else postgresql).insert(table)

    def lock_container(self, connection: sa.Connection, container_id: str) -> None:
        """Let no other transaction write to this container until this one has ended."""
        if not self._sqlite:  # there, one writes at a time anyway
            key = sa.func.hashtextextended(container_id, 0)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def _make_tables(self) -> None:
        with self.write() as connection:
            if not self._sqlite:
                # Two workers that make the same table at once would fail.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7_309_940)))
            METADATA.create_all(connection)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # SQLAlchemy's own BEGIN comes too late for `BEGIN IMMEDIATE`.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
