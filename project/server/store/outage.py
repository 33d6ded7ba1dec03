"""A database that is away for a while: said once in the log."""

from __future__ import annotations

import logging
from threading import Lock

from project.databases.faults import reason

log = logging.getLogger(__name__)


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
