"""The start page's list: the latest runs of all experiments, with what one looks for first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlParam

from project.comparison import metric_names
from project.server.api.access import Account
from project.server.compare import metrics
from project.server.compare.visible import SELECT, Run, made, seen_by
from project.server.mlflow.experiments import EXPERIMENTS, RUNS, TAGS
from project.server.mlflow.points import LATEST

PARAMS = SqlParam.__table__
AT_ONCE = 50
# Columns of metrics, of those that most of the runs have.
COLUMNS = 4


def listed(connection: sa.Connection, account: Account, search: str, offset: int) -> dict[str, Any]:
    """At most AT_ONCE runs, the latest first, that hold each word of `search` somewhere.

    Returns:
        `runs`; `metrics`: the names of those shown, and `values` by run; `more`: whether there are
        more runs.
    """
    query = SELECT.where(seen_by(account), *(_holds(word) for word in search.split()))
    query = query.order_by(RUNS.c.start_time.desc(), RUNS.c.run_uuid)
    rows = connection.execute(query.limit(AT_ONCE + 1).offset(offset)).all()
    runs = [made(row) for row in rows[:AT_ONCE]]
    keys, values = _metrics(connection, runs)
    return {
        "runs": runs,
        "metrics": [{"key": key, "title": metrics.title(key)} for key in keys],
        "values": values,
        "more": len(rows) > AT_ONCE,
    }


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether the run's name, experiment, status, a tag or a param (also as name=value) has it."""
    texts = [RUNS.c.name, EXPERIMENTS.c.name, RUNS.c.status, RUNS.c.run_uuid]
    told = [text.icontains(word, autoescape=True) for text in texts]
    for table in (TAGS, PARAMS):
        pair = table.c.key + "=" + table.c.value
        own = sa.select(table.c.run_uuid).where(pair.icontains(word, autoescape=True))
        told.append(RUNS.c.run_uuid.in_(own))
    return sa.or_(*told)


def _metrics(
    connection: sa.Connection, runs: list[Run]
) -> tuple[list[str], dict[str, list[float | str | None]]]:
    ids = [run.id for run in runs]
    columns = (LATEST.c.run_uuid, LATEST.c.key, LATEST.c.value, LATEST.c.is_nan)
    query = sa.select(*columns).where(LATEST.c.run_uuid.in_(ids))
    found: dict[str, dict[str, float | str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.key, {})[row.run_uuid] = metrics.number(row.value, row.is_nan)
    # Where few runs have a metric, its column would be empty for most.
    often = sorted(found, key=lambda key: (3 * len(found[key]) < len(runs), _rank(key)))
    keys = often[:COLUMNS]
    return keys, {id_: [found[key].get(id_) for key in keys] for id_ in ids}


def _rank(key: str) -> tuple[Any, ...]:
    """What a run came to: accuracy and loss, of the test first, then of validation."""
    told = metric_names.words(key)
    leading = next((i for i, word in enumerate(("accuracy", "loss")) if word in told), 2)
    plain = len([word for word in told if word not in metric_names.STAGES])
    stage = {2: 0, 0: 1, 1: 2}.get(
        next((metric_names.STAGES[w] for w in told if w in metric_names.STAGES), 3)
    )
    return leading == 2, plain, 3 if stage is None else stage, leading, metric_names.rank(key)
