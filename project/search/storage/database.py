"""Transactions on SQLite or PostgreSQL: carried out whole or not at all, and again if it was away.

What is done in one must bear to be done twice: a connection that breaks amid a commit doesn't tell
whether it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import sqlalchemy as sa

from project.databases.faults import is_away
from project.databases.transactions import Transactions
from project.search.storage.outage import Outage, fault, hindered, is_down, is_full

T = TypeVar("T")
# A writer waits so long for another process's transaction, in ms, before it is said.
BUSY_TIMEOUT = 30_000
# Between attempts to reach a database that is away, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
_SQLITE_NOW = "((julianday('now') - 2440587.5) * 86400.0)"
_POSTGRES_NOW = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
_POSTGRES_STARTED = "CAST(extract(epoch FROM pg_postmaster_start_time()) AS double precision)"


class Database:
    """A storage's database; safe for threads.

    Attributes:
        url: its address.
        now: seconds since 1970 by its clock, as an expression.
        started: since when it has answered, likewise; 0 for a file, which never is away for all.
        outage: whether it is away just now.
    """

    def __init__(self, url: sa.URL, say: Callable[[str], None], patience: float) -> None:
        """Say where it is; nothing is asked of it yet.

        Args:
            url: its address.
            say: told when it is away, and when it is back.
            patience: for how many seconds a server that has never answered is waited for.
        """
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # A pooler between here and the server need not know of prepared statements.
        options = {} if self.is_sqlite else {"connect_args": {"prepare_threshold": None}}
        self._transactions = Transactions(url, BUSY_TIMEOUT, **options)
        self.engine = self._transactions.engine
        self.outage = Outage(url, say)
        now = _SQLITE_NOW if self.is_sqlite else _POSTGRES_NOW
        self.now = sa.literal_column(now, sa.Double())
        started = "0.0" if self.is_sqlite else _POSTGRES_STARTED
        self.started = sa.literal_column(started, sa.Double())
        self._answered = False
        self._until = time.monotonic() + patience
        # Before a file is prepared, which another process may hinder.
        sa.event.listen(self.engine, "connect", self._note_answer, insert=True)

    def close(self) -> None:
        """Close all connections that nobody uses."""
        self._transactions.close()

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` finds in one state of the database.

        Raises:
            ValueError: the database refuses; one that is away is waited for.
            OSError: its disk is full.
        """
        return self._persist(self._transactions.read, work)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in one transaction: all of it is there afterwards, or nothing if it raises.

        Raises:
            ValueError: the database refuses; one that is away is waited for.
            OSError: its disk is full.
        """
        return self._persist(self._transactions.write, work)

    def insert(self, table: sa.Table) -> Any:
        """`INSERT` of this database's dialect, which has `on_conflict_do_nothing` and `_update`."""
        return self._transactions.insert(table)

    def alone(self, connection: sa.Connection, name: str) -> None:
        """Let no other transaction be alone by this name until this one has ended."""
        self._transactions.alone(connection, f"sweeps {name}")

    def _persist(
        self,
        transaction: Callable[[], AbstractContextManager[sa.Connection]],
        work: Callable[[sa.Connection], T],
    ) -> T:
        pause = FIRST_PAUSE
        while True:
            try:
                with transaction() as connection:
                    found = work(connection)
            except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
                if not hindered(error):
                    self._wait_or_raise(error)
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.outage.over()
                return found

    def _wait_or_raise(self, error: sa.exc.DBAPIError | sa.exc.TimeoutError) -> None:
        if isinstance(error, sa.exc.DBAPIError):
            away = is_away(error) and not is_full(error, self.url)
            # One that has never answered is a mistake in its address, sooner or later.
            if not self._answered:
                away &= is_down(error) and time.monotonic() < self._until
            if not away:
                raise fault(error, self.url) from error
        self.outage.begun(error)

    def _note_answer(self, *_: Any) -> None:
        self._answered = True
