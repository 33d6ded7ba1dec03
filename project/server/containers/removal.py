"""Removing containers and projects for good: files, rows of ours and of MLflow's, and metrics."""

from __future__ import annotations

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import (
    SqlInput,
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlTag,
)

from project.server.api.context import Context
from project.server.mlflow.experiments import EXPERIMENT_TAGS, EXPERIMENTS, OWNER, RUNS
from project.server.store import tables
from project.server.store.database import Database
from project.server.store.values import Container, Project

# Ours, by the column that names the container.
OURS = (tables.attributes, tables.entries, tables.set_files, tables.batches, tables.signals)
# MLflow's, as its own `gc` removes them.
THEIRS = [model.__table__ for model in (SqlMetric, SqlLatestMetric, SqlParam, SqlTag)]
INPUTS = SqlInput.__table__


def remove(context: Context, container: Container) -> None:
    """Remove a container; its files first, so that one whose removal breaks off can go again."""
    context.storage.delete_all(container)
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        remove_rows(connection, container.id, container.run_uuid)


def remove_rows(connection: sa.Connection, id_: str, run_uuid: str) -> None:
    """Remove what our tables and MLflow's know of a container."""
    for table in OURS:
        connection.execute(table.delete().where(table.c.container_id == id_))
    for table in (tables.fractions, tables.negative_zeros):
        connection.execute(table.delete().where(table.c.run_uuid == run_uuid))
    connection.execute(tables.containers.delete().where(tables.containers.c.id == id_))
    connection.execute(INPUTS.delete().where(INPUTS.c.destination_id == run_uuid))
    for table in THEIRS:
        connection.execute(table.delete().where(table.c.run_uuid == run_uuid))
    connection.execute(RUNS.delete().where(RUNS.c.run_uuid == run_uuid))


def purge(database: Database) -> None:
    """Remove what we have of containers whose MLflow runs `mlflow gc` has removed."""
    query = sa.select(tables.containers.c.id, tables.containers.c.run_uuid).where(
        ~sa.exists().where(RUNS.c.run_uuid == tables.containers.c.run_uuid)
    )
    with database.read() as connection:
        orphans = connection.execute(query).all()
    for orphan in orphans:
        with database.write() as connection:
            remove_rows(connection, *orphan)


def remove_project(context: Context, project: Project, members: list[Container]) -> None:
    """Remove a project with all that is in it; runs that are MLflow's alone stay, as deleted."""
    for container in members:
        remove(context, container)
    with context.database.write() as connection:
        for table in (tables.artifacts, tables.artifact_files, tables.members):
            connection.execute(table.delete().where(table.c.project_id == project.id))
        connection.execute(tables.projects.delete().where(tables.projects.c.id == project.id))
        _retire(connection, project)


def _retire(connection: sa.Connection, project: Project) -> None:
    """Delete the project's experiments as MLflow does, under names that free the old ones."""
    tagged = (EXPERIMENT_TAGS.c.key == OWNER) & (EXPERIMENT_TAGS.c.value == project.id)
    numbers = connection.execute(sa.select(EXPERIMENT_TAGS.c.experiment_id).where(tagged)).scalars()
    for number in numbers.all():
        here = EXPERIMENTS.c.experiment_id == number
        name = f"deleted {project.id} {number}"
        values = {"name": name, "lifecycle_stage": "deleted"}
        connection.execute(EXPERIMENTS.update().where(here).values(values))
        runs = RUNS.update().where(RUNS.c.experiment_id == number)
        connection.execute(runs.values(lifecycle_stage="deleted"))
    connection.execute(EXPERIMENT_TAGS.delete().where(tagged))
