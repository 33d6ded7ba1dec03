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
from project.tracking.best import BEST

PARAMS = SqlParam.__table__
AT_ONCE = 50
ByKey = dict[str, dict[str, float | str]]  # values of metrics by run
# Columns of metrics, of those that most of the runs have.
COLUMNS = 4


def listed(connection: sa.Connection, account: Account, search: str, offset: int) -> dict[str, Any]:
    """At most AT_ONCE runs, the latest first, that hold each word of `search` somewhere.

    Returns:
        `runs`; `metrics`: `key` and `title` of those shown; by run their `values`, and whether each
        is the `last` one logged, for want of the best checkpoint's; `more`: whether there are more
        runs.
    """
    query = SELECT.where(seen_by(account), *(_holds(word) for word in search.split()))
    query = query.order_by(RUNS.c.start_time.desc(), RUNS.c.run_uuid)
    rows = connection.execute(query.limit(AT_ONCE + 1).offset(offset)).all()
    runs = [made(row) for row in rows[:AT_ONCE]]
    return {"runs": runs, **_metrics(connection, runs), "more": len(rows) > AT_ONCE}


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether the run's name, experiment, status, a tag or a param (also as name=value) has it."""
    texts = [RUNS.c.name, EXPERIMENTS.c.name, RUNS.c.status, RUNS.c.run_uuid]
    told = [text.icontains(word, autoescape=True) for text in texts]
    for table in (TAGS, PARAMS):
        pair = table.c.key + "=" + table.c.value
        own = sa.select(table.c.run_uuid).where(pair.icontains(word, autoescape=True))
        told.append(RUNS.c.run_uuid.in_(own))
    return sa.or_(*told)


def _metrics(connection: sa.Connection, runs: list[Run]) -> dict[str, Any]:
    ids = [run.id for run in runs]
    found = _last(connection, ids)
    best = _best(connection, runs, found)
    # Where few runs have a metric, its column would be empty for most.
    often = sorted(found, key=lambda key: (3 * len(found[key]) < len(runs), _rank(key)))
    keys = often[:COLUMNS]
    last = {key: found[key].keys() - best.get(key, {}).keys() for key in keys}
    return {
        "metrics": [{"key": key, "title": metrics.title(key)} for key in keys],
        "values": {i: [best.get(k, {}).get(i, found[k].get(i)) for k in keys] for i in ids},
        "last": {i: [i in last[key] for key in keys] for i in ids},
    }


def _last(connection: sa.Connection, ids: list[str]) -> ByKey:
    """The last value of each metric by run."""
    columns = (LATEST.c.run_uuid, LATEST.c.key, LATEST.c.value, LATEST.c.is_nan)
    found: ByKey = {}
    for row in connection.execute(sa.select(*columns).where(LATEST.c.run_uuid.in_(ids))):
        found.setdefault(row.key, {})[row.run_uuid] = metrics.number(row.value, row.is_nan)
    return found


def _best(connection: sa.Connection, runs: list[Run], found: ByKey) -> ByKey:
    """By score and run the best checkpoint's values; the metrics that hold them leave `found`."""
    ids = [run.id for run in runs]
    # Another program may name a metric so, too; runs of ours say which step was the best.
    told = sa.select(TAGS.c.run_uuid).where(TAGS.c.key == "best_step", TAGS.c.run_uuid.in_(ids))
    ours = set(connection.execute(told).scalars())
    # A run that goes on again has what its former end has left.
    ended = ours & {run.id for run in runs if run.status != "running"}
    best: ByKey = {}
    for key in [key for key in found if key.startswith(("test_", BEST))]:
        best[key.removeprefix(BEST)] = {i: v for i, v in found[key].items() if i in ended}
        if key.startswith(BEST):
            rest = {i: v for i, v in found.pop(key).items() if i not in ours}
            found |= {key: rest} if rest else {}
    return best


def _rank(key: str) -> tuple[Any, ...]:
    """What a run came to: accuracy and loss, of the test first, then of validation."""
    told = metric_names.words(metric_names.measured(key))
    leading = next((i for i, word in enumerate(("accuracy", "loss")) if word in told), 2)
    plain = len([word for word in told if word not in metric_names.STAGES])
    stage = {2: 0, 0: 1, 1: 2}.get(
        next((metric_names.STAGES[w] for w in told if w in metric_names.STAGES), 3)
    )
    return leading == 2, plain, 3 if stage is None else stage, leading, metric_names.rank(key)
