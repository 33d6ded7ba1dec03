"""Sweeps of a storage: what each is (never to change), how far it is to go, and facts about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from project.search.storage import tables
from project.search.storage.database import Database
from project.search.storage.differences import differences
from project.search.storage.rows import canonical, to_text

# Of a spec, the fields of a `Goal`: how far to go; another worker may know of a further one.
GOALS = ("trials", "confirm", "retries")
_sweeps, _facts = tables.sweeps, tables.facts


def create(
    database: Database, connection: sa.Connection, name: str, spec: Mapping[str, Any]
) -> None:
    """Begin a sweep, unless the same has been.

    Raises:
        ValueError: there is another one of this name; lines say what differs.
    """
    fixed = {key: value for key, value in spec.items() if key not in GOALS}
    goal = {key: spec[key] for key in GOALS if key in spec}
    row = {"id": uuid4().hex, "name": name, "spec": to_text(fixed), "goal": to_text(goal)}
    statement = database.insert(_sweeps).values(**row, created=database.now)
    connection.execute(statement.on_conflict_do_nothing())
    (there,) = connection.execute(sa.select(_sweeps.c.spec).where(_sweeps.c.name == name)).one()
    there = json.loads(there)
    if canonical(there) != canonical(fixed):
        lines = differences(there, json.loads(to_text(fixed)))
        raise ValueError("\n".join([f"there is another sweep {name!r} in the storage", *lines]))


def spec(connection: sa.Connection, name: str) -> dict[str, Any] | None:
    """What a sweep is, and its goals; None: there is none of this name."""
    asked = sa.select(_sweeps.c.spec, _sweeps.c.goal).where(_sweeps.c.name == name)
    found = connection.execute(asked).one_or_none()
    return None if found is None else json.loads(found.spec) | json.loads(found.goal)


def names(connection: sa.Connection) -> list[str]:
    """Of all sweeps, oldest first."""
    asked = sa.select(_sweeps.c.name).order_by(_sweeps.c.created, _sweeps.c.name)
    return list(connection.execute(asked).scalars())


def identifier(connection: sa.Connection, name: str) -> str:
    """By which a sweep is known wherever it is told of.

    Raises:
        ValueError: there is no such sweep.
    """
    found = connection.execute(sa.select(_sweeps.c.id).where(_sweeps.c.name == name)).scalar()
    if found is None:
        told = ", ".join(names(connection)[:10]) or "none"
        raise ValueError(f"no sweep {name!r} in the storage; it has: {told}")
    return found


def set_goal(connection: sa.Connection, sweep: str, goal: Mapping[str, Any]) -> None:
    """Let the sweep go further; it never goes less far than some worker was told.

    A number becomes the greater one; of an object, what is there stays and what is new is added.
    """
    assert goal.keys() <= set(GOALS), goal
    own = sa.select(_sweeps.c.goal).where(_sweeps.c.id == sweep).with_for_update()
    there = json.loads(connection.execute(own).scalar_one())
    grown = there | {key: _grown(there.get(key, value), value) for key, value in goal.items()}
    if grown != there:
        connection.execute(
            sa.update(_sweeps).where(_sweeps.c.id == sweep).values(goal=to_text(grown))
        )


def _grown(there: Any, asked: Any) -> Any:
    return {**asked, **there} if isinstance(there, Mapping) else max(there, asked)


def put(database: Database, connection: sa.Connection, sweep: str, key: str, value: Any) -> None:
    """Note a fact, in place of a former one."""
    statement = database.insert(_facts).values(sweep=sweep, key=key, value=to_text(value))
    told = {"value": statement.excluded.value}
    connection.execute(statement.on_conflict_do_update(index_elements=["sweep", "key"], set_=told))


def get(connection: sa.Connection, sweep: str, key: str) -> Any:
    """A fact that was noted; None if it was not."""
    own = sa.and_(_facts.c.sweep == sweep, _facts.c.key == key)
    found = connection.execute(sa.select(_facts.c.value).where(own)).scalar()
    return None if found is None else json.loads(found)
