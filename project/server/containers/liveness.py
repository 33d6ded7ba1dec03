"""Watches over running containers: those whose signs of life stop have ended.

Signs are the last ping and the last change. No clock is asked: what counts is for how many periods
in a row both have stayed the same, so that neither a clock that jumps nor a server that was stopped
or slept ends a run. Several workers may watch; the one that notices first notes it.
"""

from __future__ import annotations

import logging
from typing import Any

import anyio
import anyio.to_thread
import sqlalchemy as sa

from project.databases.faults import is_away, reason
from project.server.containers import removal, states
from project.server.store.database import Database
from project.server.store.tables import attributes, containers

PERIOD = 2.0  # seconds
# After so many periods without a sign. Pings come every 10 s, or after 20 s when one failed.
QUIET = {states.RUNNING: 30, states.CONNECTED: 30, states.CLOSING: 2}
# What `mlflow gc` has removed for good is looked for once in so many periods.
PURGE = 30

_CHANGED = sa.and_(
    attributes.c.container_id == containers.c.id, attributes.c.path == "sys/modification_time"
)
SIGNS = (
    sa.select(containers.c.id, containers.c.state, containers.c.pinged, attributes.c.number)
    .select_from(containers.outerjoin(attributes, _CHANGED))
    .where(containers.c.state.in_(states.ALIVE))
)
log = logging.getLogger(__name__)


async def serve(app: Any) -> None:
    """Watch until the server ends."""
    watch, outage = Watch(app.state.database), app.state.database.outage
    while True:
        await anyio.sleep(PERIOD)
        try:
            await anyio.to_thread.run_sync(watch.look)
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if is_away(error):  # it restarts, say; it is asked again
                outage.begun(error)
            else:
                log.warning("runs can't be watched: %s", reason(error))
        else:
            outage.over()


class Watch:
    """What one worker has seen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, tuple[sa.Row, int]] = {}
        self._looks = 0

    def look(self) -> None:
        """Look at all that run, and end those that have been quiet for too many looks."""
        with self._database.read() as connection:
            rows = connection.execute(SIGNS).all()
        former, self._seen = self._seen, {}
        for row in rows:
            known, quiet = former.get(row.id, (None, 0))
            quiet = quiet + 1 if known == row else 0
            self._seen[row.id] = row, quiet
            if quiet >= QUIET[row.state]:
                self._end(row)
        if self._looks % PURGE == 0:
            removal.purge(self._database)
        self._looks += 1

    def _end(self, row: sa.Row) -> None:
        with self._database.write() as connection:
            self._database.lock_container(connection, row.id)
            if connection.execute(SIGNS.where(containers.c.id == row.id)).one_or_none() == row:
                states.ended(connection, row.id, max(row.pinged or 0, int(row.number or 0)))
