"""Who holds which job: a worker that is late loses it, and what it says of it then doesn't count.

A claim gives a job a new token. Whoever tells a result must have the token that the row has at that
moment: one that was thought dead, and lives, is told that its job is another's (a fencing token).
"""

from __future__ import annotations

import sqlalchemy as sa

from project.search.storage import tables
from project.search.storage.database import Database
from project.search.storage.rows import result_text
from project.search.values import CONFIRM, ENDED, RUNNING, TRIAL, WAITING, Result

_jobs = tables.jobs
_held = _jobs.c.state == RUNNING
# Trials first, then what is made of them.
_order = sa.case((_jobs.c.kind == TRIAL, 0), (_jobs.c.kind == CONFIRM, 1), else_=2)


def waits(database: Database, connection: sa.Connection, sweep: str, seconds: float) -> bool:
    """Whether there may be something to claim; to ask hinders nobody."""
    asked = sa.select(_jobs.c.number).where(_free(database, sweep, seconds)).limit(1)
    return connection.execute(asked).first() is not None


def claim(
    database: Database,
    connection: sa.Connection,
    sweep: str,
    worker: str,
    token: str,
    seconds: float,
) -> sa.Row | None:
    """Give the first job that is free to a worker, until its lease is over.

    Args:
        database: of the sweep.
        connection: within a transaction that changes it.
        sweep: its id.
        worker: who asks.
        token: a new one; if a job has it, the worker has got that one already.
        seconds: how long the lease is.
    """
    mine = sa.select(_jobs).where(_jobs.c.token == token)
    if (found := connection.execute(mine).first()) is not None:
        return found
    # Its own it has still, however late: its next beat says so.
    others = sa.or_(_jobs.c.worker.is_(None), _jobs.c.worker != worker)
    free = sa.select(_jobs.c.kind, _jobs.c.number).where(_free(database, sweep, seconds), others)
    # Of a row that another is just taking, or gives back, that one decides.
    free = free.order_by(_order, _jobs.c.number).limit(1).with_for_update(skip_locked=True)
    if (found := connection.execute(free).first()) is None:
        return None
    own = sa.and_(
        _jobs.c.sweep == sweep, _jobs.c.kind == found.kind, _jobs.c.number == found.number
    )
    taken = {"state": RUNNING, "worker": worker, "token": token}
    taken |= {"lease": database.now + seconds, "attempt": _jobs.c.attempt + 1}
    taken["started"] = database.now  # a night between two attempts is no time of the job's
    connection.execute(sa.update(_jobs).where(own).values(taken))
    return connection.execute(mine).one()


def _free(database: Database, sweep: str, seconds: float) -> sa.ColumnElement[bool]:
    """Waiting, or held by one who is late; where nobody could tell, none is late yet."""
    expired = _jobs.c.lease < database.now
    if not database.is_sqlite:
        expired &= database.started + seconds < database.now
    if database.outage.is_recent(seconds):
        expired = sa.false()
    waiting = _jobs.c.state == WAITING
    return sa.and_(_jobs.c.sweep == sweep, sa.or_(waiting, sa.and_(_held, expired)))


def begun(connection: sa.Connection, token: str, run: str) -> bool:
    """Note the run of a job that this token holds; whether it does."""
    own = sa.and_(_held, _jobs.c.token == token)
    return connection.execute(sa.update(_jobs).where(own).values(run=run)).rowcount == 1


def renew(database: Database, connection: sa.Connection, worker: str, seconds: float) -> set[str]:
    """Let the leases of a worker begin anew; returns the tokens of what it holds."""
    own = sa.and_(_held, _jobs.c.worker == worker)
    connection.execute(sa.update(_jobs).where(own).values(lease=database.now + seconds))
    return set(connection.execute(sa.select(_jobs.c.token).where(own)).scalars())


def finish(database: Database, connection: sa.Connection, token: str, result: Result) -> bool:
    """End a job that this token holds, once; whether it does, or has ended it."""
    assert result.state in ENDED, result
    ended = {"state": result.state, "result": result_text(result), "lease": None}
    ended |= {"run": sa.func.coalesce(result.run, _jobs.c.run), "ended": database.now}
    own = sa.and_(_held, _jobs.c.token == token)
    if connection.execute(sa.update(_jobs).where(own).values(ended)).rowcount:
        return True
    asked = sa.select(_jobs.c.state).where(_jobs.c.token == token)
    return connection.execute(asked).scalar() in ENDED


def release(connection: sa.Connection, *own: sa.ColumnElement[bool], died: bool = False) -> None:
    """Let what is held wait again; its run is kept, to be resumed.

    Args:
        connection: within a transaction that changes the database.
        own: which.
        died: whether its holder has; else the attempt doesn't count as one.
    """
    given = {"state": WAITING, "token": None, "worker": None, "lease": None}
    given["attempt"] = _jobs.c.attempt - (0 if died else 1)
    connection.execute(sa.update(_jobs).where(_held, *own).values(given))
