"""MLflow's side of projects and containers: rows of its experiments, runs and tags."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlExperiment, SqlExperimentTag, SqlRun, SqlTag
from mlflow.utils.uri import append_to_uri_path

from project.server.store.database import Database
from project.server.store.tables import projects
from project.tracking.mlflow.layout import TAG_LENGTH, cut

EXPERIMENTS, EXPERIMENT_TAGS = SqlExperiment.__table__, SqlExperimentTag.__table__
RUNS, TAGS = SqlRun.__table__, SqlTag.__table__
# Whose experiment it is; SQLite gives the number of one that is gone to the next.
OWNER = "neptune.project"


def make_experiment(
    database: Database, connection: sa.Connection, name: str, project_id: str, now: int
) -> int:
    """The number of the experiment of this name, made if it isn't there, for the project."""
    fresh = {"name": name, "lifecycle_stage": "active"}
    fresh |= {"creation_time": now, "last_update_time": now}
    connection.execute(database.insert(EXPERIMENTS).values(fresh).on_conflict_do_nothing())
    query = sa.select(EXPERIMENTS.c.experiment_id, EXPERIMENTS.c.artifact_location)
    number, location = connection.execute(query.where(EXPERIMENTS.c.name == name)).one()
    if location is None:
        location = {"artifact_location": f"mlflow-artifacts:/{number}"}
        here = EXPERIMENTS.c.experiment_id == number
        connection.execute(EXPERIMENTS.update().where(here).values(location))
    claim(database, connection, number, project_id)
    return number


def find_experiment(connection: sa.Connection, name: str) -> sa.Row | None:
    """The `experiment_id` and `lifecycle_stage` of the experiment of this name."""
    query = sa.select(EXPERIMENTS.c.experiment_id, EXPERIMENTS.c.lifecycle_stage)
    return connection.execute(query.where(EXPERIMENTS.c.name == name)).one_or_none()


def claim(database: Database, connection: sa.Connection, number: int, project_id: str) -> None:
    """Mark the experiment as the project's, unless it is that of another one that is there."""
    tag = {"experiment_id": number, "key": OWNER, "value": project_id}
    known = sa.select(projects.c.id)
    stale = EXPERIMENT_TAGS.c.value.not_in(known) & (EXPERIMENT_TAGS.c.key == OWNER)
    here = EXPERIMENT_TAGS.c.experiment_id == number
    connection.execute(EXPERIMENT_TAGS.delete().where(here, stale))
    connection.execute(database.insert(EXPERIMENT_TAGS).values(tag).on_conflict_do_nothing())


def make_run(connection: sa.Connection, experiment: int, run: dict[str, Any], user: str) -> None:
    """Insert a run that begins; its `run_uuid`, `name`, `status` and `start_time` are given."""
    here = EXPERIMENTS.c.experiment_id == experiment
    location = connection.execute(sa.select(EXPERIMENTS.c.artifact_location).where(here)).scalar()
    row = {
        **run,
        "experiment_id": experiment,
        "artifact_uri": append_to_uri_path(location, run["run_uuid"], "artifacts"),
        "source_type": "UNKNOWN",
        "source_name": "",
        "source_version": "",
        "entry_point_name": "",
        "user_id": user,
        "lifecycle_stage": "active",
    }
    connection.execute(RUNS.insert().values(row))


def set_tags(connection: sa.Connection, run_uuid: str, tags: dict[str, str]) -> None:
    """Set tags of a run, and remove those with an empty value; long values are cut."""
    here = TAGS.c.run_uuid == run_uuid
    connection.execute(TAGS.delete().where(here, TAGS.c.key.in_(list(tags))))
    rows = [
        {"run_uuid": run_uuid, "key": key, "value": cut(value, TAG_LENGTH)}
        for key, value in sorted(tags.items())
        if value
    ]
    if rows:
        connection.execute(TAGS.insert(), rows)
