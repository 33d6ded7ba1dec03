"""Containers: the run, model, model version or project that an identifier names."""

from __future__ import annotations

import time

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.models import Experiment
from project.server.api.operation import operation
from project.server.containers import states
from project.server.containers.new_container import insert
from project.server.errors import ApiError, not_found
from project.server.mlflow.experiments import RUNS
from project.server.store.tables import containers
from project.server.store.tables import projects as project_table
from project.server.store.values import Container, New, Project
from project.server.workspaces import projects
from project.server.workspaces.projects import workspace_id

ROOT = "/api/leaderboard/v1"


_CONTAINER = ("id", "run_uuid", "project_id", "type", "short_id", "custom_id", "parent_id")
SELECT = sa.select(
    *(containers.c[name] for name in _CONTAINER),
    (RUNS.c.lifecycle_stage != "active").label("trashed"),
    project_table.c.workspace,
    project_table.c.name.label("project_name"),
    RUNS.c.experiment_id,
    RUNS.c.artifact_uri,
).select_from(
    containers.join(project_table, project_table.c.id == containers.c.project_id).join(
        RUNS, RUNS.c.run_uuid == containers.c.run_uuid
    )
)


def find(context: Context, identifier: str, role: Role) -> Container:
    """The container with this uuid or `workspace/project/SHORT-ID`.

    Raises:
        ApiError: 404 where it isn't there or the account may not see it; 403 where the account has
            less than `role` in its project.
    """
    with context.database.read() as connection:
        found = look_up(connection, identifier)
    if found is None:
        found = _own(context, identifier)
    if found is None or not context.account.may(found.project_id, Role.VIEWER):
        raise not_found("EXPERIMENT_NOT_FOUND", f"there is no {identifier!r}")
    if not context.account.may(found.project_id, role):
        raise ApiError(403, "ACCESS_DENIED", f"the account is no {role.name.lower()} there")
    return found


def look_up(connection: sa.Connection, identifier: str) -> Container | None:
    """The container with this identifier, whoever asks."""
    workspace, _, rest = identifier.partition("/")
    name, _, short_id = rest.partition("/")
    qualified = (project_table.c.workspace == workspace) & (project_table.c.name == name)
    qualified &= containers.c.short_id == short_id
    row = connection.execute(
        SELECT.where(qualified if rest else containers.c.id == identifier)
    ).one_or_none()
    return row and Container(*row)


def _own(context: Context, identifier: str) -> Container | None:
    """A project's own container, made when it is first asked for."""
    workspace, _, rest = identifier.partition("/")
    name, _, key = rest.partition("/")
    called = (project_table.c.workspace == workspace) & (project_table.c.name == name)
    here = called & (project_table.c.key == key) if rest else project_table.c.id == identifier
    with context.database.read() as connection:
        row = connection.execute(projects.SELECT.where(here)).one_or_none()
    if row is None:
        return None
    project = Project(*row[:-1])
    new = New("project", project.key, context.account.name, time.time_ns() // 10**6)
    with context.database.write() as connection:
        context.database.lock_container(connection, project.id)
        if look_up(connection, project.id) is None:
            insert(context.database, connection, project, new)
        return look_up(connection, project.id)


def show(container: Container) -> Experiment:
    """The container as the API shows it."""
    return {
        "id": container.id,
        "type": container.type,
        "shortId": container.short_id,
        "organizationName": container.workspace,
        "organizationId": workspace_id(container.workspace),
        "projectName": container.project_name,
        "projectId": container.project_id,
        "parentId": container.parent_id or container.project_id,
        "trashed": bool(container.trashed),
    }


@operation("leaderboard", "GET", f"{ROOT}/experiments", "getExperiment")
def get_experiment(context: Context, experimentId: str) -> Experiment:
    """One container."""
    return show(find(context, experimentId, Role.VIEWER))


@operation("leaderboard", "POST", f"{ROOT}/attributes/ping", "ping")
def ping(context: Context, experimentId: str) -> None:
    """Note that the container's client is alive."""
    container = find(context, experimentId, Role.MEMBER)
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        states.pinged(connection, container.id, time.time_ns() // 10**6)
