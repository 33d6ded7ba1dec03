"""The table of a project's runs and models: searched, sorted, and a page of it read."""

from __future__ import annotations

from typing import Any, TypedDict

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import Body, operation
from project.server.api.properties import Attribute
from project.server.errors import bad_request
from project.server.query import cells, nql
from project.server.query.nql_sql import Filter, aggregate, is_trashed
from project.server.query.nql_values import TYPES as VALUE_TYPES
from project.server.query.table_request import Sorting, TableRequest
from project.server.store.dialects import Bytewise, HasPart
from project.server.store.tables import attributes, containers
from project.server.store.values import Project
from project.server.workspaces import projects
from project.server.workspaces.projects import workspace_id

ROOT = "/api/leaderboard/v1/leaderboard"
TYPES = ("run", "model", "modelVersion", "project")
MAX_NAMES = 10_000


class Entry(TypedDict):
    """One row of the table."""

    experimentId: str
    type: str
    projectId: str
    projectName: str
    organizationName: str
    organizationId: str
    attributes: list[Attribute]


class Entries(TypedDict):
    """A page of the table; how many rows match the query, and how many there are."""

    entries: list[Entry]
    matchingItemCount: int
    totalItemCount: int


class AttributeName(TypedDict):
    """A column of the table."""

    name: str
    type: str


class AttributeNames(TypedDict):
    """Columns of the table."""

    entries: list[AttributeName]


@operation("leaderboard", "POST", f"{ROOT}/entries/search", "searchLeaderboardEntries")
def search_entries(
    context: Context, projectIdentifier: str, params: Body, type: list[str] | None = None
) -> Entries:
    """A page of a project's runs, models or model versions that fulfil a query."""
    request = TableRequest.read(params)
    query = nql.parse(request.query)
    project = projects.find(context, projectIdentifier, Role.VIEWER)
    everything = _of(project, type)
    with context.database.read() as connection:
        total = _count(connection, everything)
        matching, found = everything, total
        if query is not None:
            matching = everything & Filter(connection, project.id).condition(query)
            found = _count(connection, matching)
        page = _page(connection, matching, request)
        trashed = {row.id: bool(row.trashed) for row in page}
        found_cells = cells.read(connection, trashed, request.columns) if page else {}
    owner = _owner(project)
    return {
        "entries": [
            {"experimentId": row.id, "type": row.type, **owner, "attributes": found_cells[row.id]}
            for row in page
        ],
        "matchingItemCount": found,
        "totalItemCount": total,
    }


@operation("leaderboard", "POST", f"{ROOT}/attributes/search", "searchLeaderboardAttributes")
def search_attributes(
    context: Context,
    projectIdentifier: str,
    params: Body,
    search: str = "",
    type: list[str] | None = None,
    limit: int = MAX_NAMES,
) -> AttributeNames:
    """Names and types of the attribute of this very name, or else of all whose name holds it.

    The client sorts a column as text, whatever its type, if it is told of another one.
    """
    project = projects.find(context, projectIdentifier, Role.VIEWER)
    path = attributes.c.path
    query = (
        sa.select(path, attributes.c.type)
        .join_from(containers, attributes, attributes.c.container_id == containers.c.id)
        .where(_of(project, type))
        .group_by(path, attributes.c.type)
        .order_by(Bytewise(path), attributes.c.type)
        .limit(max(0, min(limit, MAX_NAMES)))
    )
    with context.database.read() as connection:
        rows = connection.execute(query.where(path == search)).all()
        if not rows:
            rows = connection.execute(query.where(HasPart(path, search))).all()
    return {"entries": [{"name": row.path, "type": row.type} for row in rows]}


def _of(project: Project, types: list[str] | None) -> sa.ColumnElement[bool]:
    """The project's containers of these types; without any, all but the project's own."""
    unknown = set(types or ()) - set(TYPES)
    if unknown:
        raise bad_request(f"the type {min(unknown)[:50]!r} is none of {', '.join(TYPES)}")
    return (containers.c.project_id == project.id) & containers.c.type.in_(types or TYPES[:3])


def _count(connection: sa.Connection, matching: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(containers).where(matching)
    return connection.execute(query).scalar_one()


def _page(
    connection: sa.Connection, matching: sa.ColumnElement[bool], request: TableRequest
) -> list[Any]:
    trashed = is_trashed(containers.c.run_uuid).label("trashed")
    query = sa.select(containers.c.id, containers.c.type, trashed).where(matching)
    if request.sorting:
        query = _sorted(query, request.sorting)
    query = query.order_by(containers.c.created.desc(), containers.c.id)
    return list(connection.execute(query.offset(request.offset).limit(request.limit)))


def _sorted(query: sa.Select[Any], sorting: Sorting) -> sa.Select[Any]:
    """By the attribute of that name and type; containers without it come last."""
    type_ = VALUE_TYPES[sorting.type]
    cell = attributes.alias()
    here = (cell.c.container_id == containers.c.id) & (cell.c.path == sorting.name)
    query = query.outerjoin(cell, here & cell.c.type.in_(type_.stored))
    value: sa.ColumnElement[Any] = cell.c[type_.column]
    if sorting.aggregate and sorting.type == "floatSeries":
        value = aggregate(sorting.aggregate, containers.c.run_uuid, cell.c.key)
    elif type_.column == "text":
        value = Bytewise(value)
    return query.order_by((value.asc() if sorting.ascending else value.desc()).nulls_last())


def _owner(project: Project) -> dict[str, str]:
    """What all entries of a project share."""
    return {
        "projectId": project.id,
        "projectName": project.name,
        "organizationName": project.workspace,
        "organizationId": workspace_id(project.workspace),
    }
