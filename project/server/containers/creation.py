"""Creating runs, models and model versions as a client asks for them."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import bad_field, text
from project.server.api.models import CreationParams, Experiment
from project.server.api.operation import Header, operation
from project.server.containers import containers, git
from project.server.containers.containers import look_up
from project.server.containers.new_container import insert
from project.server.errors import ApiError, bad_request, not_found
from project.server.store.tables import containers as container_table
from project.server.store.tables import projects as project_table
from project.server.store.values import Container, New, Project
from project.server.workspaces import projects

CliVersion = Header["X-Neptune-CliVersion"]
TYPES = ("run", "model", "modelVersion")
# Without a letter it would be a run's number.
MODEL_KEY = re.compile(r"(?=.*[A-Z])[A-Z0-9]{1,10}")


@operation("leaderboard", "POST", f"{containers.ROOT}/experiments", "createExperiment")
def create_experiment(
    context: Context,
    experimentCreationParams: Annotated[CreationParams, "body"],
    cli_version: CliVersion = "",
) -> Experiment:
    """Make a run, model or model version; a run with a known customId is that one again."""
    params: Any = experimentCreationParams
    identifier = text(params, "projectIdentifier", 500) or text(params, "projectId", 36) or ""
    type_ = text(params, "type", 20) or "run"
    if type_ not in TYPES:
        raise bad_request(f"type is none of {', '.join(TYPES)}")
    custom_id = (text(params, "customId", 250) or None) if type_ == "run" else None
    code = git.parse(params.get("gitInfo"))
    project = projects.find(context, identifier, Role.MEMBER)
    with context.database.write() as connection:
        # Two that make the same one wait for each other here.
        context.database.lock_container(connection, project.id)
        known = custom_id and _known(connection, project, custom_id)
        if known:
            return containers.show(known)
        parent, short_id = _identity(connection, project, type_, params)
        now = time.time_ns() // 10**6
        new = New(type_, short_id, context.account.name, now, custom_id, parent, code)
        made = look_up(connection, insert(context.database, connection, project, new))
    return containers.show(made)


def _known(connection: sa.Connection, project: Project, custom_id: str) -> Container | None:
    here = container_table.c.project_id == project.id
    here &= container_table.c.custom_id == custom_id
    row = connection.execute(containers.SELECT.where(here)).one_or_none()
    return row and Container(*row)


def _identity(
    connection: sa.Connection, project: Project, type_: str, params: dict[str, Any]
) -> tuple[tuple[str, str] | None, str]:
    """The parent of a version, and the short id."""
    if type_ == "model":
        return None, _model_id(connection, project, text(params, "key", 100) or "")
    if type_ == "modelVersion":
        model = look_up(connection, text(params, "parentId", 500) or "")
        if model is None or (model.project_id, model.type) != (project.id, "model"):
            raise not_found("EXPERIMENT_NOT_FOUND", "parentId is no model of the project")
        here = container_table.c.id == model.id
        number = _count(connection, container_table.c.versions, here)
        return (model.id, model.short_id), f"{model.short_id}-{number + 1}"
    number = _count(connection, project_table.c.next_number, project_table.c.id == project.id)
    return None, f"{project.key}-{number}"


def _model_id(connection: sa.Connection, project: Project, key: str) -> str:
    if not MODEL_KEY.fullmatch(key):
        raise bad_field("key", "ERR_INVALID", "of a model is not 1 to 10 capitals and digits")
    short_id = f"{project.key}-{key}"
    here = container_table.c.project_id == project.id
    here &= container_table.c.short_id == short_id
    if connection.execute(sa.select(container_table.c.id).where(here)).first():
        raise ApiError(409, "CONFLICT", f"there is a model {short_id} already")
    return short_id


def _count(connection: sa.Connection, column: sa.Column, here: sa.ColumnElement[bool]) -> int:
    """The number in this column, which is then one more."""
    table = column.table
    number = connection.execute(sa.select(column).where(here)).scalar_one()
    connection.execute(table.update().where(here).values({column.name: number + 1}))
    return number
