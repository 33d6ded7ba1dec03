"""Workspaces, and the members and service accounts of projects."""

from __future__ import annotations

from typing import Any, TypedDict

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import bad_field, text
from project.server.api.operation import Body, Path, operation
from project.server.auth import accounts
from project.server.errors import ApiError
from project.server.workspaces import people, projects

PROJECTS = "/api/backend/v1/projects"


class Workspace(TypedDict):
    """A workspace: a name that projects share."""

    id: str
    name: str


class Person(TypedDict):
    """Whom an account belongs to."""

    username: str


class Member(TypedDict):
    """A person's role, in a project (viewer, member, manager) or a workspace (member, owner)."""

    role: str
    registeredMemberInfo: Person


class ServiceAccount(TypedDict):
    """An account of a machine."""

    id: str
    displayName: str


class ProjectServiceAccount(TypedDict):
    """A machine's role in a project."""

    role: str
    serviceAccountInfo: ServiceAccount


@operation("backend", "GET", "/api/backend/v1/myOrganizations", "listOrganizations")
def list_organizations(context: Context) -> list[Workspace]:
    """The workspaces in which the account has a project."""
    names = people.workspaces(context)
    return [{"id": projects.workspace_id(name), "name": name} for name in names]


@operation(
    "backend",
    "GET",
    "/api/backend/v1/organizations2/{organizationIdentifier}/members",
    "listOrganizationMembers",
)
def list_organization_members(context: Context, organizationIdentifier: Path) -> list[Member]:
    """The people of a workspace; admins own all of them."""
    workspace = people.workspace(context, organizationIdentifier)
    return [
        {
            "role": "owner" if account.admin else "member",
            "registeredMemberInfo": {"username": account.name},
        }
        for account in people.of_workspace(context.database, workspace)
        if not account.service
    ]


@operation("backend", "GET", "/api/backend/v1/serviceAccounts", "listServiceAccounts")
def list_service_accounts(
    context: Context, organizationIdentifier: str, deactivated: bool = False
) -> list[ServiceAccount]:
    """The machines of a workspace; for an admin, who may add any, all there are."""
    workspace = people.workspace(context, organizationIdentifier)
    found = people.of_workspace(context.database, None if context.account.admin else workspace)
    return [_machine(account.name) for account in found if account.service]


@operation("backend", "GET", f"{PROJECTS}/membersOf", "listProjectMembers")
def list_project_members(context: Context, projectIdentifier: str) -> list[Member]:
    """The people of a project."""
    roles = _roles(context, projectIdentifier, service=False)
    return [
        {"role": role.name.lower(), "registeredMemberInfo": {"username": name}}
        for name, role in roles.items()
    ]


@operation("backend", "GET", f"{PROJECTS}/service_accounts", "listProjectServiceAccounts")
def list_project_service_accounts(
    context: Context, projectIdentifier: str
) -> list[ProjectServiceAccount]:
    """The machines of a project."""
    roles = _roles(context, projectIdentifier, service=True)
    return [
        {"role": role.name.lower(), "serviceAccountInfo": _machine(name)}
        for name, role in roles.items()
    ]


@operation("backend", "POST", f"{PROJECTS}/members", "addProjectMember")
def add_project_member(context: Context, projectIdentifier: str, member: Body) -> None:
    """Give a person a role in a project."""
    _add(context, projectIdentifier, member, "userId", service=False)


@operation("backend", "POST", f"{PROJECTS}/service_accounts", "addProjectServiceAccount")
def add_project_service_account(context: Context, projectIdentifier: str, account: Body) -> None:
    """Give a machine a role in a project."""
    _add(context, projectIdentifier, account, "serviceAccountId", service=True)


@operation("backend", "DELETE", f"{PROJECTS}/members/{{userId}}", "deleteProjectMember")
def delete_project_member(context: Context, projectIdentifier: str, userId: Path) -> None:
    """Take a person's role in a project away."""
    _remove(context, projectIdentifier, userId)


@operation(
    "backend",
    "DELETE",
    f"{PROJECTS}/service_accounts/{{serviceAccountId}}",
    "deleteProjectServiceAccount",
)
def delete_project_service_account(
    context: Context, projectIdentifier: str, serviceAccountId: Path
) -> None:
    """Take a machine's role in a project away."""
    _remove(context, projectIdentifier, serviceAccountId)


def _machine(name: str) -> ServiceAccount:
    return {"id": name, "displayName": name}


def _roles(context: Context, identifier: str, *, service: bool) -> dict[str, Role]:
    project = projects.find(context, identifier, Role.VIEWER)
    return people.of_project(context.database, project, service)


def _add(context: Context, identifier: str, body: Any, key: str, *, service: bool) -> None:
    project = projects.find(context, identifier, Role.MANAGER)
    name, role = text(body, key, 100) or "", (text(body, "role", 20) or "").upper()
    if role not in Role.__members__:
        raise bad_field("role", "ERR_INVALID", "is none of viewer, member and manager")
    if not people.known(context.database, name, service):
        # A 404 would be taken for the project's.
        raise ApiError(422, "USER_NOT_FOUND", f"there is no account {name!r} of this kind")
    if name in people.of_project(context.database, project, service):
        raise ApiError(409, "USER_ALREADY_HAS_ACCESS", f"{name!r} has a role there")
    with context.database.write() as connection:
        accounts.join(context.database, connection, project.id, name, Role[role])


def _remove(context: Context, identifier: str, name: str) -> None:
    project = projects.find(context, identifier, Role.MANAGER)
    with context.database.write() as connection:
        if not accounts.leave(connection, project.id, name):
            raise ApiError(422, "USER_WITHOUT_ACCESS", f"{name!r} has no role of its own there")
