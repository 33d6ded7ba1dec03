"""Which runs hold some words: in their name, experiment, status, tags or params."""

from __future__ import annotations

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlParam

from project.server.mlflow.experiments import EXPERIMENTS, RUNS, TAGS

PARAMS = SqlParam.__table__
_BOTH = RUNS.join(EXPERIMENTS, EXPERIMENTS.c.experiment_id == RUNS.c.experiment_id)


def holding(connection: sa.Connection, search: str) -> set[str]:
    """The ids of the runs that hold each word of `search` somewhere, whoever may see them."""
    query = sa.select(RUNS.c.run_uuid).select_from(_BOTH)
    query = query.where(*(_holds(word) for word in search.split()))
    return set(connection.execute(query).scalars())


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether the run's name, experiment, status, a tag or a param (also as name=value) has it."""
    texts = [RUNS.c.name, EXPERIMENTS.c.name, RUNS.c.status, RUNS.c.run_uuid]
    told = [text.icontains(word, autoescape=True) for text in texts]
    for table in (TAGS, PARAMS):
        pair = table.c.key + "=" + table.c.value
        own = sa.select(table.c.run_uuid).where(pair.icontains(word, autoescape=True))
        told.append(RUNS.c.run_uuid.in_(own))
    return sa.or_(*told)
