"""Who takes part in a sweep, from where, and when each was seen last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from project.search.storage import leases, tables
from project.search.storage.database import Database
from project.search.storage.rows import to_text

_workers = tables.workers


@dataclass(frozen=True)
class KnownWorker:
    """A supervisor that takes part, or took part.

    Attributes:
        id: of this process alone.
        host: its machine.
        pid: of the process there.
        silent: for how many seconds it hasn't been seen, by the database's clock.
        gone: whether it has left, or was found dead.
        about: what else it said of itself.
    """

    id: str
    host: str
    pid: int
    silent: float
    gone: bool
    about: Mapping[str, Any] = field(default_factory=dict)


def join(
    database: Database,
    connection: sa.Connection,
    sweep: str,
    worker: str,
    host: str,
    pid: int,
    about: Mapping[str, Any],
) -> None:
    """Note a worker, unless it has been."""
    row = {"id": worker, "sweep": sweep, "host": host, "pid": pid, "about": to_text(dict(about))}
    statement = database.insert(_workers).values(**row, joined=database.now, seen=database.now)
    connection.execute(statement.on_conflict_do_nothing())


def seen(database: Database, connection: sa.Connection, worker: str) -> None:
    """Note that a worker lives, whatever others have thought of it."""
    own = _workers.c.id == worker
    connection.execute(sa.update(_workers).where(own).values(seen=database.now, gone=None))


def leave(database: Database, connection: sa.Connection, worker: str, *, died: bool) -> None:
    """Note that a worker has gone, or has died; what it held waits again."""
    own = sa.and_(_workers.c.id == worker, _workers.c.gone.is_(None))
    connection.execute(sa.update(_workers).where(own).values(gone=database.now))
    leases.release(connection, tables.jobs.c.worker == worker, died=died)


def listed(database: Database, connection: sa.Connection, sweep: str) -> list[KnownWorker]:
    """All of a sweep, in the order they joined."""
    columns = [_workers.c[name] for name in ("id", "host", "pid", "gone", "about")]
    silent = (database.now - _workers.c.seen).label("silent")
    own = _workers.c.sweep == sweep
    order = _workers.c.joined, _workers.c.id
    asked = sa.select(*columns, silent).where(own).order_by(*order)
    return [
        KnownWorker(
            row.id, row.host, row.pid, row.silent, row.gone is not None, json.loads(row.about)
        )
        for row in connection.execute(asked)
    ]
