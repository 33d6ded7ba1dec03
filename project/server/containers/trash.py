"""The trash, which is MLflow's lifecycle of runs; what is deleted from it is gone for good."""

from __future__ import annotations

import time
from collections.abc import Callable

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import texts
from project.server.api.models import BulkError, BulkResult
from project.server.api.operation import Body, operation
from project.server.containers import containers, removal
from project.server.containers.containers import look_up
from project.server.mlflow.experiments import RUNS
from project.server.store.tables import containers as container_table
from project.server.store.values import Container, Project
from project.server.workspaces import projects

ROOT = f"{containers.ROOT}/experiments/trash"
MOST = 1000
MESSAGES = {
    "NOT_EXISTS": "is not in the project",
    "IS_PROJECT": "is the project itself",
    "NOT_IN_TRASH": "is not in the trash",
    "ALREADY_TRASHED": "is in the trash already",
}


@operation("leaderboard", "POST", ROOT, "trashExperiments")
def trash(context: Context, projectIdentifier: str, experimentIdentifiers: Body) -> BulkResult:
    """Move containers to the trash, models with their versions."""
    project = projects.find(context, projectIdentifier, Role.MEMBER)
    return _each(context, project, experimentIdentifiers, False, _trash)


@operation("leaderboard", "POST", f"{ROOT}/restore", "restoreExperiments")
def restore(context: Context, projectIdentifier: str, experimentIdentifiers: Body) -> BulkResult:
    """Take containers out of the trash, models with their versions."""
    project = projects.find(context, projectIdentifier, Role.MEMBER)
    return _each(context, project, experimentIdentifiers, True, _restore)


@operation("leaderboard", "POST", f"{ROOT}/delete", "deleteExperiments")
def delete(context: Context, projectIdentifier: str, experimentIdentifiers: Body) -> BulkResult:
    """Delete containers that are in the trash, models with their versions."""
    project = projects.find(context, projectIdentifier, Role.MEMBER)
    return _each(context, project, experimentIdentifiers, True, _delete)


@operation("leaderboard", "POST", f"{ROOT}/deleteAll", "deleteAllExperiments")
def delete_all(context: Context, projectIdentifier: str) -> BulkResult:
    """Delete all that is in the trash."""
    project = projects.find(context, projectIdentifier, Role.MEMBER)
    trashed = [item for item in _members(context, project) if item.trashed]
    _delete(context, trashed)
    return {"errors": [], "updatedExperimentIdentifiers": [item.id for item in trashed]}


@operation("backend", "DELETE", "/api/backend/v1/projects", "deleteProject")
def delete_project(context: Context, projectIdentifier: str) -> None:
    """Delete a project with all that is in it."""
    project = projects.find(context, projectIdentifier, Role.MANAGER)
    removal.remove_project(context, project, _members(context, project))


def _each(
    context: Context,
    project: Project,
    identifiers: object,
    trashed: bool,
    change: Callable[[Context, list[Container]], None],
) -> BulkResult:
    """Change each container that is in the project, and in the trash or not as it must be."""
    result: BulkResult = {"errors": [], "updatedExperimentIdentifiers": []}
    for identifier in texts(identifiers, "experimentIdentifiers", MOST):
        with context.database.read() as connection:
            found = look_up(connection, identifier)
        reason = _obstacle(found, project, trashed)
        if found is None or reason:
            result["errors"].append(_error(identifier, reason))
        else:
            change(context, [found, *_versions(context, found)])
            result["updatedExperimentIdentifiers"].append(identifier)
    return result


def _obstacle(found: Container | None, project: Project, trashed: bool) -> str:
    if found is None or found.project_id != project.id:
        return "NOT_EXISTS"
    if found.type == "project":
        return "IS_PROJECT"
    if found.trashed != trashed:
        return "NOT_IN_TRASH" if trashed else "ALREADY_TRASHED"
    return ""


def _error(identifier: str, reason: str) -> BulkError:
    message = f"{identifier} {MESSAGES[reason]}"
    return {"experimentIdentifier": identifier, "reason": reason, "message": message}


def _members(context: Context, project: Project) -> list[Container]:
    query = containers.SELECT.where(container_table.c.project_id == project.id)
    with context.database.read() as connection:
        return [Container(*row) for row in connection.execute(query)]


def _versions(context: Context, model: Container) -> list[Container]:
    if model.type != "model":
        return []
    query = containers.SELECT.where(container_table.c.parent_id == model.id)
    with context.database.read() as connection:
        return [Container(*row) for row in connection.execute(query)]


def _trash(context: Context, found: list[Container]) -> None:
    _set(context, found, lifecycle_stage="deleted", deleted_time=time.time_ns() // 10**6)


def _restore(context: Context, found: list[Container]) -> None:
    _set(context, found, lifecycle_stage="active", deleted_time=None)


def _set(context: Context, found: list[Container], **values: str | int | None) -> None:
    here = RUNS.c.run_uuid.in_([container.run_uuid for container in found])
    with context.database.write() as connection:
        connection.execute(RUNS.update().where(here).values(values))


def _delete(context: Context, found: list[Container]) -> None:
    for container in found:
        removal.remove(context, container)
