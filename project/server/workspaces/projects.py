"""Projects, each of which is an MLflow experiment: finding and making them."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import bad_field
from project.server.api.models import Project as Shown
from project.server.api.properties import iso
from project.server.errors import ApiError, not_found
from project.server.mlflow.experiments import (
    EXPERIMENT_TAGS,
    EXPERIMENTS,
    OWNER,
    find_experiment,
    make_experiment,
)
from project.server.store.database import Database
from project.server.store.tables import projects
from project.server.store.values import Project

KEY = re.compile(r"(?=.*[A-Z])[A-Z0-9]{1,10}")


# The project of a row is gone with its experiment, whose number SQLite gives to another one.
_OWN = sa.and_(
    EXPERIMENT_TAGS.c.experiment_id == projects.c.experiment_id,
    EXPERIMENT_TAGS.c.key == OWNER,
    EXPERIMENT_TAGS.c.value == projects.c.id,
)
SELECT = sa.select(
    *(projects.c[name] for name in Project.__dataclass_fields__), EXPERIMENTS.c.lifecycle_stage
).select_from(projects.join(EXPERIMENT_TAGS, _OWN).join(EXPERIMENTS))


def find(context: Context, identifier: str, role: Role) -> Project:
    """The project with this id or `workspace/name`, if the account has at least `role` in it.

    Raises:
        ApiError: 404 where it isn't there or not to be seen; 403 where the role is less; 410 where
            its experiment was deleted in MLflow, which can be undone there.
    """
    workspace, _, name = identifier.partition("/")
    named = (projects.c.workspace == workspace) & (projects.c.name == name)
    with context.database.read() as connection:
        query = SELECT.where(named if name else projects.c.id == identifier)
        row = connection.execute(query).one_or_none()
    if row is None or not context.account.may(row.id, Role.VIEWER):
        raise not_found("PROJECT_NOT_FOUND", f"there is no project {identifier!r}")
    if not context.account.may(row.id, role):
        raise ApiError(403, "ACCESS_DENIED", f"the account is no {role.name.lower()} there")
    return _alive(row)


def create(
    database: Database,
    workspace: str,
    name: str,
    *,
    key: str | None = None,
    visibility: str = "priv",
    description: str = "",
    known_too: bool = True,
) -> Project:
    """The project of this name, made if it isn't there; safe to be called by many at once.

    Raises:
        ApiError: 409, its MLflow experiment belongs to another project; 400, it is there already,
            or an experiment of its name is, and not `known_too`.
    """
    fresh = {
        "id": str(uuid.uuid4()),
        "workspace": workspace,
        "name": name,
        "key": key or _make_key(name),
        "visibility": visibility,
        "description": description,
        "next_number": 1,
        "created": time.time_ns() // 10**6,
    }
    named = (projects.c.workspace == workspace) & (projects.c.name == name)
    with database.write() as connection:
        database.lock_container(connection, f"{workspace}/{name}")
        if not known_too and find_experiment(connection, f"{workspace}/{name}"):
            raise bad_field("name", "ERR_NOT_UNIQUE", "is the name of another project")
        row = connection.execute(SELECT.where(named)).one_or_none()
        if row is None:
            row = _insert(database, connection, fresh)
    return Project(*row[:-1])


def visible(context: Context) -> list[Project]:
    """The projects that the account may see, in the order of their names."""
    query = SELECT.where(EXPERIMENTS.c.lifecycle_stage == "active")
    with context.database.read() as connection:
        rows = connection.execute(query.order_by(projects.c.workspace, projects.c.name)).all()
    found = [_alive(row) for row in rows]
    return [project for project in found if context.account.may(project.id, Role.VIEWER)]


def workspace_id(name: str) -> str:
    """The id that a workspace is known by; workspaces are nothing but names."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"neptune-workspace:{name}"))


def show(project: Project) -> Shown:
    """The project as the API shows it."""
    return {
        "id": project.id,
        "name": project.name,
        "organizationName": project.workspace,
        "organizationId": workspace_id(project.workspace),
        "projectKey": project.key,
        "version": 2,
        "visibility": project.visibility,
        "description": project.description,
        "timeOfCreation": iso(project.created),
    }


def deleted_in_mlflow(name: str, number: int) -> ApiError:
    """What is answered while an experiment waits in MLflow to be restored, or to go for good."""
    title = f"the experiment {name} was deleted in MLflow; `mlflow experiments restore"
    return ApiError(410, "PROJECT_DELETED", f"{title} --experiment-id {number}` brings it back")


def _insert(database: Database, connection: sa.Connection, fresh: dict[str, Any]) -> sa.Row:
    here = (projects.c.workspace == fresh["workspace"]) & (projects.c.name == fresh["name"])
    # One whose experiment `mlflow gc` has removed.
    connection.execute(projects.delete().where(here))
    name = f"{fresh['workspace']}/{fresh['name']}"
    number = make_experiment(database, connection, name, fresh["id"], fresh["created"])
    connection.execute(projects.insert().values(fresh | {"experiment_id": number}))
    row = connection.execute(SELECT.where(here)).one_or_none()
    if row is None:
        title = f"the MLflow experiment {name}, number {number}, is another project's"
        raise ApiError(409, "CONFLICT", title)
    return row


def _alive(row: sa.Row) -> Project:
    *columns, stage = row
    project = Project(*columns)
    if stage != "active":
        raise deleted_in_mlflow(project.qualified, project.experiment_id)
    return project


def _make_key(name: str) -> str:
    letters = re.sub("[^A-Z0-9]", "", name.upper())[:10]
    return letters if KEY.fullmatch(letters) else "RUN"
