"""A database that is away for a while: told from other faults, and said once."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from threading import Lock

import sqlalchemy as sa

from project.databases.faults import LOCKED, UNREACHABLE, reason
from project.search.storage.address import shown, without_password

# Two transactions that hinder each other: one is to begin anew.
_AGAIN = ("40001", "40P01")
# What is said where no server answers, or not yet; others say that the address is wrong.
_DOWN = ("refused", "No such file", "timeout", "closed the connection", "starting up")
_DOWN += ("shutting down", "accepting connections", "recovery mode", "terminating connection")
_DOWN += ("too many clients", "too many connections", "remaining connection")
_FULL = "database or disk is full"
_ROOM = 2**17  # bytes: with less, SQLite can't even share what it needs for reading


def hindered(error: Exception) -> bool:
    """Whether a transaction is to begin anew because another was in its way."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _AGAIN


def is_down(error: Exception) -> bool:
    """Whether a database that has never answered may do so in a while."""
    return any(part in reason(error) for part in (*_DOWN, *LOCKED))


def fault(error: sa.exc.DBAPIError, url: sa.URL) -> Exception:
    """What to raise for an error that waiting does not mend: one line for people."""
    if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
        return error  # a fault of ours
    if is_full(error, url):
        where = os.path.dirname(str(url.database))
        return OSError(
            f"the disk of {where} is full: nothing is lost; make room, and give the same command"
            " again"
        )
    return ValueError(f"the storage {shown(url)}: {without_password(reason(error), url)}")


def is_full(error: sa.exc.DBAPIError, url: sa.URL) -> bool:
    """Whether the disk of a SQLite file has no room, however that is said."""
    if url.get_backend_name() != "sqlite":
        return False
    if _FULL in str(error.orig):
        return True
    folder = os.path.dirname(str(url.database))
    io = any(text in str(error.orig) for text in UNREACHABLE)
    return io and os.path.isdir(folder) and shutil.disk_usage(folder).free < _ROOM


class Outage:
    """Whether the database is away, as far as this process knows; safe for threads."""

    def __init__(self, url: sa.URL, say: Callable[[str], None]) -> None:
        self._url, self._say = url, say
        self._lock = Lock()
        self._now = False
        self._ended: float | None = None

    def begun(self, error: Exception) -> None:
        """Note that it can't be reached; the first to notice says so."""
        with self._lock:
            first, self._now = not self._now, True
        if first:
            why = without_password(reason(error), self._url)
            self._say(f"the storage {shown(self._url)} can't be reached, waiting for it: {why}")

    def over(self) -> None:
        """Note that it has answered."""
        if not self._now:
            return
        with self._lock:
            was, self._now = self._now, False
            self._ended = time.monotonic() if was else self._ended
        if was:
            self._say(f"the storage {shown(self._url)} is back")

    def is_recent(self, seconds: float) -> bool:
        """Whether it ended less than this ago: others may not have been able to tell they live."""
        return self._ended is not None and time.monotonic() - self._ended < seconds
