"""What clients ask about projects: one, all, and to make one."""

from __future__ import annotations

import re

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import bad_field, text
from project.server.api.models import Project as Shown
from project.server.api.models import ProjectList
from project.server.api.operation import Body, operation
from project.server.errors import ApiError, not_found
from project.server.store.tables import members
from project.server.store.values import Project
from project.server.workspaces import projects

ROOT = "/api/backend/v1/projects"
NAME = re.compile(r"\w[\w.-]*", re.ASCII)
VISIBILITIES = ("priv", "workspace")


@operation("backend", "GET", f"{ROOT}/get", "getProject")
def get_project(context: Context, projectIdentifier: str) -> Shown:
    """One project."""
    return projects.show(projects.find(context, projectIdentifier, Role.VIEWER))


@operation("backend", "GET", ROOT, "listProjects")
def list_projects(
    context: Context,
    organizationIdentifier: str | None = None,
    userRelation: str | None = None,
    searchTerm: str = "",
    sortBy: list[str] | None = None,
    sortDirection: list[str] | None = None,
    offset: int = 0,
    limit: int = 10_000,
) -> ProjectList:
    """Projects that the account may see, by name."""
    known = projects.visible(context)
    found = [
        project
        for project in known
        if organizationIdentifier
        in (None, project.workspace, projects.workspace_id(project.workspace))
        and searchTerm.lower() in project.qualified.lower()
    ]
    start = max(offset, 0)
    end = start + max(limit, 0)
    page = found[start:end]
    return {
        "entries": [projects.show(project) for project in page],
        "matchingItemCount": len(found),
        "totalItemCount": len(known),
    }


@operation("backend", "POST", ROOT, "createProject")
def create_project(context: Context, projectToCreate: Body) -> Shown:
    """Make a project, in a workspace where the account may write; it then manages the project."""
    name = text(projectToCreate, "name", 100) or ""
    key = text(projectToCreate, "projectKey", 100)
    visibility = text(projectToCreate, "visibility", 20) or "priv"
    if not NAME.fullmatch(name):
        raise bad_field("name", "ERR_INVALID", "is no name: give letters, digits, -, _ and .")
    if key is not None and not projects.KEY.fullmatch(key):
        raise bad_field("projectKey", "ERR_INVALID", "is not 1 to 10 capitals and digits")
    if visibility == "pub":  # people without an account see nothing
        allowed = list(VISIBILITIES)
        raise ApiError(
            422,
            "VISIBILITY_RESTRICTED",
            "no project is public here",
            requestedValue=visibility,
            allowedValues=allowed,
        )
    if visibility not in VISIBILITIES:
        raise bad_field("visibility", "ERR_INVALID", f"is none of {', '.join(VISIBILITIES)}")
    description = text(projectToCreate, "description", 10_000) or ""
    workspace = _workspace(context, text(projectToCreate, "organizationId", 100))
    project = projects.create(
        context.database,
        workspace,
        name,
        key=key,
        visibility=visibility,
        description=description,
        known_too=False,
    )
    if context.settings.accounts:
        _join(context, project)
    return projects.show(project)


def _workspace(context: Context, identifier: str | None) -> str:
    for name in {
        p.workspace for p in projects.visible(context) if context.account.may(p.id, Role.MEMBER)
    }:
        if identifier in (name, projects.workspace_id(name)):
            return name
    raise not_found("ORGANIZATION_NOT_FOUND", f"there is no workspace {identifier!r}")


def _join(context: Context, project: Project) -> None:
    member = {"project_id": project.id, "account": context.account.name, "role": Role.MANAGER}
    with context.database.write() as connection:
        insert = context.database.insert(members).values(member)
        connection.execute(insert.on_conflict_do_nothing())
