"""MLflow's own page, opened where it is of use: an experiment's runs, with telling columns."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.responses import Response

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.compare.visible import seen_by
from project.server.errors import not_found
from project.server.mlflow.experiments import EXPERIMENT_TAGS, EXPERIMENTS, RUNS
from project.server.store.database import Database
from project.server.store.tables import containers
from project.tracking.best import BEST

# The name of the view, as MLflow's "Views" has it, which is a tag of the experiment.
VIEW = "training"
# Of validation the best checkpoint's scores, as those of the test are.
METRICS = (f"{BEST}val_loss", f"{BEST}val_accuracy", "test_loss", "test_accuracy")
PARAMS = ("learning_rate", "batch_size", "max_epochs", "model", "seed")
TAGS = ("git_sha", "git_dirty", "data_hash")
# MLflow opens the half of itself that is for language models, unless told so.
TRAINING = {"workflowType": "machine_learning"}


def view() -> dict[str, object]:
    """The state of MLflow's table of runs; it leaves out columns that an experiment has not."""
    columns = [f"metrics.`{name}`" for name in METRICS] + [f"params.`{name}`" for name in PARAMS]
    columns += [f"tags.`{name}`" for name in TAGS] + ["attributes.`Dataset`"]
    return {
        "searchFilter": "",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": columns,
        "columnOrder": [],
        "columnWidths": {},
        "runsPinned": [],
        "runsHidden": [],
        "runsExpanded": {},
        "runsVisibilityMap": {},
        "runsHiddenMode": "FIRST_10_RUNS",
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": False,
        "groupBy": None,
        "groupsExpanded": {},
        "autoRefreshEnabled": True,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "chartsSearchFilter": "",
    }


@operation("compare", "GET", "/compare/mlflow", "mlflowPage")
def mlflow_page(context: Context, experiment: int | None = None) -> Response:
    """Go on to MLflow's table of an experiment's runs; of the latest run's by default."""
    with context.database.read() as connection:
        query = sa.select(RUNS.c.experiment_id).select_from(_RUNS).where(_here(context))
        if experiment is not None:
            query = query.where(RUNS.c.experiment_id == experiment)
        found = connection.execute(query.order_by(RUNS.c.start_time.desc()).limit(1)).scalar()
    if found is None and experiment is not None:
        raise not_found("EXPERIMENT_NOT_FOUND", f"there are no runs in an experiment {experiment}")
    if found is None:
        return _to(f"experiments?{urlencode(TRAINING)}")
    if context.account.admin or context.account.experiments[str(found)] >= Role.MEMBER:
        prepare(context.database, found)
    return _to(f"experiments/{found}/runs?{urlencode(TRAINING | {'viewStateShareKey': VIEW})}")


def prepare(database: Database, experiment: int) -> None:
    """Give an experiment the view, and tell MLflow what kind it is, unless somebody else has."""
    tags = {
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view()),
        "mlflow.experimentKind": "custom_model_development",
    }
    known = sa.select(EXPERIMENT_TAGS.c.key).where(EXPERIMENT_TAGS.c.experiment_id == experiment)
    with database.read() as connection:
        there = set(connection.execute(known).scalars())
    rows = [
        {"experiment_id": experiment, "key": key, "value": tags[key]} for key in tags.keys() - there
    ]
    if rows:
        with database.write() as connection:
            insert = database.insert(EXPERIMENT_TAGS).on_conflict_do_nothing()
            connection.execute(insert, rows)


_RUNS = RUNS.join(EXPERIMENTS, EXPERIMENTS.c.experiment_id == RUNS.c.experiment_id).outerjoin(
    containers, containers.c.run_uuid == RUNS.c.run_uuid
)


def _here(context: Context) -> sa.ColumnElement[bool]:
    active = (RUNS.c.lifecycle_stage == "active") & (EXPERIMENTS.c.lifecycle_stage == "active")
    return active & seen_by(context.account)


def _to(page: str) -> Response:
    # Relative, as the server may stand below a path of a proxy.
    return Response(status_code=303, headers={"Location": f"../mlflow#/{page}"})
