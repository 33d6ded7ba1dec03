"""Transactions on SQLite or PostgreSQL: what is done in one is there whole afterwards, or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


class Transactions:
    """A database; safe for threads.

    Attributes:
        engine: SQLAlchemy's.
        is_sqlite: whether it is a file of SQLite.
    """

    def __init__(self, url: str | sa.URL, busy_timeout: int, **options: Any) -> None:
        """Say where it is; nothing is asked of it yet.

        Args:
            url: its address.
            busy_timeout: how long a writer waits for another process's transaction, in ms, where
                SQLite lets one in at a time.
            options: of `create_engine`.
        """
        self.is_sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self.engine = sa.create_engine(url, pool_pre_ping=not self.is_sqlite, **options)
        # SQLite lets one writer in at a time; a queue here is fairer than its busy waits.
        self._writing = Lock()
        self._busy_timeout = busy_timeout
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", self._prepare)

    def close(self) -> None:
        """Close all connections that nobody uses."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: all that is done in it is there afterwards, or nothing if it raises."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writing, self.engine.connect() as connection:
            # Taken at once: a reader that becomes a writer can't wait for another writer.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def insert(self, table: sa.Table) -> Any:
        """`INSERT` of this database's dialect, which has `on_conflict_do_nothing` and `_update`."""
        return (sqlite if self.is_sqlite else postgresql).insert(table)

    def alone(self, connection: sa.Connection, name: str) -> None:
        """Let no other transaction be alone by this name until this one has ended."""
        if not self.is_sqlite:  # there, one writes at a time anyway
            key = sa.func.hashtextextended(name, 0)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def _prepare(self, connection: Any, _: Any) -> None:
        # SQLAlchemy's own BEGIN comes too late for `BEGIN IMMEDIATE`.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout = {self._busy_timeout}")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
        finally:
            cursor.close()
