"""Ended trials as a study in Optuna's own tables, for its dashboard and whoever knows Optuna.

They are written as Optuna 5 writes them (`optuna.storages.RDBStorage`, schema v3.2.0.a), but in
transactions of ours: so a trial is there whole or not, once, whoever dies and however many write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.storages._rdb import models
from optuna.study import StudyDirection

from project.search.order.study import frozen
from project.search.space import Space
from project.search.storage import jobs
from project.search.storage.database import Database
from project.search.storage.mirror.rows import PARTS, Found, whole
from project.search.storage.mirror.tables import make_tables
from project.search.storage.rows import has_ended, trial_of
from project.search.values import TRIAL, Objective, Rules

# Of a study, by which ours is known: someone may have one of the same name.
_OWN = "sweep"
_NAMES = "study:metric_names"  # as `Study.set_metric_names` notes them
_DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}
# In a transaction, so that nobody waits for it for long.
_AT_ONCE = 500
_studies, _trials = models.StudyModel.__table__, models.TrialModel.__table__


def mirror(database: Database, sweep: str, name: str, spec: Mapping[str, Any]) -> None:
    """Add the trials that have ended, and all before them, and are not in the study yet.

    Args:
        database: of the sweep.
        sweep: its id.
        name: its own, and the study's.
        spec: what it is; its `space` and `rules` are used.

    Raises:
        ValueError: there is a study of this name that is another's, or tables of another Optuna.
    """
    space, rules = Space.from_json(spec["space"]), Rules.from_json(spec["rules"])

    def some(connection: sa.Connection) -> int:
        database.alone(connection, "mirror")
        make_tables(database, connection)
        if (study := _known(connection, name, sweep)) is None:
            study = _make(connection, name, sweep, rules.objectives)
        rows = jobs.rows(connection, sweep, TRIAL, _count(connection, study), _AT_ONCE)
        found = [(row, trial_of(row)) for row in rows]
        ended = list(takewhile(lambda each: has_ended(each[1]), found))
        _add(connection, study, [(*each, frozen(each[1], space, rules)) for each in ended])
        return len(ended)

    # Whether there is anything is asked without hindering others.
    while database.read(lambda c: _lacks(c, name, sweep)) and database.write(some) == _AT_ONCE:
        pass


def _lacks(connection: sa.Connection, name: str, sweep: str) -> bool:
    """Whether there is something to write."""
    there = sa.inspect(connection)
    if not there.has_table(_studies.name) or not there.has_table(_trials.name):
        return True
    if (study := _known(connection, name, sweep)) is None:
        return True
    following = jobs.rows(connection, sweep, TRIAL, _count(connection, study), 1)
    return bool(following) and has_ended(trial_of(following[0]))


def _count(connection: sa.Connection, study: int) -> int:
    asked = sa.select(sa.func.count()).where(_trials.c.study_id == study)
    return int(connection.execute(asked).scalar_one())


def _known(connection: sa.Connection, name: str, sweep: str) -> int | None:
    """The id of the sweep's study; None: there is none yet."""
    asked = sa.select(_studies.c.study_id).where(_studies.c.study_name == name)
    if (found := connection.execute(asked).scalar()) is None:
        return None
    attributes = models.StudyUserAttributeModel.__table__
    own = sa.and_(attributes.c.study_id == found, attributes.c.key == _OWN)
    noted = connection.execute(sa.select(attributes.c.value_json).where(own)).scalar()
    if noted is None or json.loads(noted) != sweep:
        raise ValueError(f"the storage has a study {name!r} of Optuna's that is another's")
    return int(found)


def _make(connection: sa.Connection, name: str, sweep: str, objectives: Sequence[Objective]) -> int:
    made = sa.insert(_studies).values(study_name=name).returning(_studies.c.study_id)
    study = connection.execute(made).scalar_one()
    ways = [{"direction": _DIRECTIONS[o.better], "objective": i} for i, o in enumerate(objectives)]
    _insert(connection, models.StudyDirectionModel, [{"study_id": study, **way} for way in ways])
    own = {"study_id": study, "key": _OWN, "value_json": json.dumps(sweep)}
    _insert(connection, models.StudyUserAttributeModel, [own])
    titles = json.dumps([objective.name for objective in objectives])
    named = {"study_id": study, "key": _NAMES, "value_json": titles}
    _insert(connection, models.StudySystemAttributeModel, [named])
    return int(study)


def _add(connection: sa.Connection, study: int, found: Sequence[Found]) -> None:
    """Add trials, in their order; their numbers are their places in the study."""
    if not found:
        return
    made = sa.insert(_trials).returning(_trials.c.trial_id, sort_by_parameter_order=True)
    rows = [{"study_id": study, **whole(each)} for each in found]
    ids = list(connection.execute(made, rows).scalars())
    for model, part in PARTS.items():
        each = [
            {"trial_id": trial_id, **row}
            for trial_id, one in zip(ids, found, strict=True)
            for row in part(one)
        ]
        _insert(connection, model, each)


def _insert(connection: sa.Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(model.__table__), rows)


optuna.logging.set_verbosity(optuna.logging.WARNING)
