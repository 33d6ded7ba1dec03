"""A database that is away for a while: told from other faults, and said once in the log."""

from __future__ import annotations

import logging
from threading import Lock

import sqlalchemy as sa

# PostgreSQL's classes of errors: the connection, its shutdown or start-up, too many of them; and a
# standby that has not taken over yet.
_CLASSES = ("08", "57P", "53", "25006")
# What SQLite says of a file that another holds, or that is out of reach.
_SQLITE = ("locked", "unable to open", "disk I/O error")
log = logging.getLogger(__name__)


def is_away(error: BaseException) -> bool:
    """Whether the error says that the database can't be reached, not that it was asked wrong."""
    if isinstance(error, sa.exc.TimeoutError):  # of the pool: all its connections wait
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state.startswith(_CLASSES)
    if not isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return False
    if type(error.orig).__module__.startswith("sqlite3"):
        return any(text in str(error.orig) for text in _SQLITE)
    return True  # there was not even a connection to be told a state by


class Outage:
    """Whether the database is away, as far as this process knows; safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now = False

    def begun(self, error: BaseException) -> None:
        """Note that it can't be reached; the first to notice says so."""
        with self._lock:
            first, self._now = not self._now, True
        if first:
            log.warning("the database can't be reached: %s; 503 until it is back", reason(error))

    def over(self) -> None:
        """Note that it has answered."""
        with self._lock:
            was, self._now = self._now, False
        if was:
            log.warning("the database is back")


def reason(error: BaseException) -> str:
    """What the driver says, in a line, without the statement that was to be run."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
