"""What workers of a sweep ask of its storage: to take part, and to hold jobs for a while."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from project.search.storage import leases, sweeps, tables, workers
from project.search.storage.database import Database
from project.search.storage.rows import job_of
from project.search.storage.workers import KnownWorker
from project.search.values import Job, Result


class Holding:
    """The workers' part of a `Storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[str, str] = {}

    def id(self, name: str) -> str:
        """By which a sweep is known wherever it is told of, 32 hex digits."""
        if name not in self._ids:
            self._ids[name] = self._database.read(lambda c: sweeps.identifier(c, name))
        return self._ids[name]

    def join(self, name: str, host: str, pid: int, **about: Any) -> str:
        """Take part in a sweep; returns the worker's id.

        Args:
            name: of the sweep.
            host: this machine.
            pid: of this process.
            about: what else others may want to know, as JSON.
        """
        sweep, worker = self.id(name), uuid4().hex
        what = sweep, worker, host, pid, about
        self._database.write(lambda c: workers.join(self._database, c, *what))
        return worker

    def leave(self, worker: str) -> None:
        """Take part no more; what it held waits for others, as if it had not been claimed."""
        self._database.write(lambda c: workers.leave(self._database, c, worker, died=False))

    def presume_dead(self, worker: str) -> None:
        """Take from a worker all that it holds; if it lives, it is told by its next `beat`."""
        self._database.write(lambda c: workers.leave(self._database, c, worker, died=True))

    def workers(self, name: str) -> list[KnownWorker]:
        """All that take part in a sweep, or took part."""
        sweep = self.id(name)
        return self._database.read(lambda c: workers.listed(self._database, c, sweep))

    def claim(self, name: str, worker: str, lease_seconds: float) -> Job | None:
        """The first job that waits, or whose worker's lease is over; None: there is none.

        Trials come before confirmations, and these before tests; lower numbers first. After the
        database was away, leases have their whole length again before they are over.
        """
        database, sweep, token = self._database, self.id(name), uuid4().hex
        if not database.read(lambda c: leases.waits(database, c, sweep, lease_seconds)):
            return None

        def take(connection: sa.Connection) -> Job | None:
            workers.seen(database, connection, worker)
            row = leases.claim(database, connection, sweep, worker, token, lease_seconds)
            return None if row is None else job_of(row)

        return database.write(take)

    def begun(self, token: str, run_id: str) -> bool:
        """Note the run of a job; False: it is another's by now."""
        return self._database.write(lambda c: leases.begun(c, token, run_id))

    def beat(self, worker: str, lease_seconds: float) -> set[str]:
        """Say that a worker lives; its leases begin anew. The tokens of what it still holds."""

        def renew(connection: sa.Connection) -> set[str]:
            workers.seen(self._database, connection, worker)
            return leases.renew(self._database, connection, worker, lease_seconds)

        return self._database.write(renew)

    def finish(self, token: str, result: Result) -> bool:
        """Note what came of a job; False: it is another's by now, and this result is not taken."""
        return self._database.write(lambda c: leases.finish(self._database, c, token, result))

    def release(self, token: str, *, died: bool = False) -> None:
        """Give a job back, to be gone on with by whoever claims it next.

        Args:
            token: by which it is held.
            died: whether its attempt has; otherwise that doesn't count as one.
        """
        self._database.write(lambda c: leases.release(c, tables.jobs.c.token == token, died=died))
