"""The sequence of a sweep's trials, and its other jobs: planned once each, by whoever is first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from project.search.storage import tables
from project.search.storage.database import Database
from project.search.storage.rows import canonical, to_text
from project.search.values import WAITING, Plain

_jobs = tables.jobs


def plan(
    database: Database,
    connection: sa.Connection,
    sweep: str,
    kind: str,
    number: int,
    values: Mapping[str, Plain],
    facts: Mapping[str, Any],
    retry_of: int | None,
) -> bool:
    """Let a job wait to be done, unless it is there.

    Returns:
        Whether it was not.

    Raises:
        ValueError: it is there with other values.
    """
    row = {"sweep": sweep, "kind": kind, "number": number, "retry_of": retry_of}
    row |= {"flags": to_text(dict(values)), "facts": to_text(dict(facts))}
    row |= {"state": WAITING, "attempt": 0, "planned": database.now}
    statement = database.insert(_jobs).values(**row).on_conflict_do_nothing()
    if connection.execute(statement.returning(_jobs.c.number)).first():
        return True
    asked = sa.select(_jobs.c.flags, _jobs.c.retry_of).where(_is(sweep, kind, number))
    there = connection.execute(asked).one()
    same = canonical(json.loads(there.flags)) == canonical(dict(values))
    if there.retry_of == retry_of and not same:
        raise ValueError(
            f"{kind} {number} was planned with {there.flags}; this worker would plan"
            f" {row['flags']}: has it another version of Optuna, or other code?"
        )
    return False


def rows(
    connection: sa.Connection, sweep: str, kind: str, since: int = 0, most: int | None = None
) -> list[sa.Row[tuple[Any, ...]]]:
    """Those of a kind from this number on, in their order, this many at most."""
    own = sa.and_(_jobs.c.sweep == sweep, _jobs.c.kind == kind, _jobs.c.number >= since)
    asked = sa.select(_jobs).where(own).order_by(_jobs.c.number).limit(most)
    return list(connection.execute(asked))


def busy(connection: sa.Connection, sweep: str) -> float:
    """The seconds in which at least one job ran; of one that was resumed, its last attempt's."""
    begun = _jobs.c.started.is_not(None), _jobs.c.ended.is_not(None)
    asked = sa.select(_jobs.c.started, _jobs.c.ended).where(_jobs.c.sweep == sweep, *begun)
    total, until = 0.0, -math.inf
    for started, ended in connection.execute(asked.order_by(_jobs.c.started)):
        total += max(0.0, ended - max(started, until))
        until = max(until, ended)
    return total


def _is(sweep: str, kind: str, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(_jobs.c.sweep == sweep, _jobs.c.kind == kind, _jobs.c.number == number)
