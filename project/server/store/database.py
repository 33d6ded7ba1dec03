"""Transactions on the store: MLflow's own tables and ours beside them, on SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from project.databases.faults import is_away
from project.databases.transactions import Transactions
from project.server.store.outage import Outage
from project.server.store.tables import METADATA
from project.tracking.mlflow.settings import bounded

# A writer waits so long for another process's transaction, in ms.
BUSY_TIMEOUT = 60_000
# SQLite takes 32,766 bound values a statement at most, PostgreSQL 65,535.
ROWS_AT_ONCE = 1000


class Database(Transactions):
    """The store; safe for threads. Our tables are made where they are missing.

    A context manager, at whose end its connections are closed; it can be used again all the same.

    Attributes:
        outage: whether it is away just now.
    """

    def __init__(self, uri: str) -> None:
        on_sqlite = sa.make_url(uri).get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if on_sqlite else {"pool_size": 10, "max_overflow": 30}
        super().__init__(bounded(uri), BUSY_TIMEOUT, **options)
        self.outage = Outage()
        self._make_tables()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

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

    def lock_container(self, connection: sa.Connection, container_id: str) -> None:
        """Let no other transaction write to this container until this one has ended."""
        self.alone(connection, container_id)

    def _make_tables(self) -> None:
        with self.write() as connection:
            if not self.is_sqlite:
                # Two workers that make the same table at once would fail.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7_309_940)))
            METADATA.create_all(connection)
