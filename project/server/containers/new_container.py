"""The rows of a new container: ours, its MLflow run with tags, and its attributes `sys/*`."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import sqlalchemy as sa

from project.server.containers import git, sys_attributes, sys_rows
from project.server.mlflow.experiments import find_experiment, make_experiment, make_run, set_tags
from project.server.store.database import Database
from project.server.store.tables import attributes, containers
from project.server.store.tables import projects as project_table
from project.server.store.values import New, Project
from project.server.workspaces.projects import deleted_in_mlflow


def insert(database: Database, connection: sa.Connection, project: Project, new: New) -> str:
    """Insert all rows of the container, and return its id.

    Raises:
        ApiError: 410, the experiment of the project's models was deleted in MLflow.
    """
    own = new.type == "project"
    id_ = project.id if own else str(uuid.uuid4())
    row = {
        "id": id_,
        "run_uuid": id_.replace("-", ""),
        "project_id": project.id,
        "type": new.type,
        "short_id": new.short_id,
        "custom_id": new.custom_id,
        "parent_id": new.parent[0] if new.parent else project.id,
        "created": new.created,
        "state": "finished" if own else "running",
        "versions": 0,
    }
    connection.execute(containers.insert().values(row))
    _insert_run(database, connection, project, new, row["run_uuid"])
    connection.execute(attributes.insert(), _attributes(id_, project, new))
    return id_


def _insert_run(
    database: Database, connection: sa.Connection, project: Project, new: New, run_uuid: str
) -> None:
    runs = new.type == "run"
    number = project.experiment_id if runs else _models(database, connection, project, new.created)
    run = {"run_uuid": run_uuid, "name": new.short_id, "start_time": new.created}
    run["status"] = "FINISHED" if new.type == "project" else "RUNNING"
    make_run(connection, number, run, new.owner)
    tags = {
        "mlflow.runName": new.short_id,
        "mlflow.user": new.owner,
        "neptune.id": new.short_id,
        "neptune.type": new.type,
    }
    if new.type != "project":
        tags["status"] = "running"
    if new.custom_id is not None:
        tags["neptune.custom_run_id"] = new.custom_id
    if new.git is not None:
        tags |= git.tags(new.git)
    set_tags(connection, run_uuid, tags)


def _attributes(id_: str, project: Project, new: New) -> list[dict[str, Any]]:
    rows = sys_attributes.initial(id_, project, new)
    if new.git is not None:
        text = orjson.dumps(new.git).decode()
        rows.append(sys_rows.row(id_, git.PATH, "gitRef", text=text))
    return rows


def _models(database: Database, connection: sa.Connection, project: Project, now: int) -> int:
    """The experiment of all that is no run, made when it is first needed."""
    name = f"{project.qualified} models"
    number = make_experiment(database, connection, name, project.id, now)
    if find_experiment(connection, name).lifecycle_stage != "active":
        raise deleted_in_mlflow(name, number)
    here = project_table.c.id == project.id
    connection.execute(project_table.update().where(here).values(models_id=number))
    return number
