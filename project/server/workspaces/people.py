"""Who is in a workspace and in a project."""

from __future__ import annotations

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.errors import not_found
from project.server.store.database import Database
from project.server.store.tables import accounts, members, projects
from project.server.store.values import Project
from project.server.workspaces.projects import workspace_id

_JOINED = sa.join(members, projects, projects.c.id == members.c.project_id)


def workspaces(context: Context) -> list[str]:
    """The workspaces in which the account has a project; for an admin, all."""
    if not context.account.admin:
        return sorted(context.account.workspaces)
    with context.database.read() as connection:
        query = sa.select(projects.c.workspace).distinct().order_by(projects.c.workspace)
        return list(connection.execute(query).scalars())


def workspace(context: Context, identifier: str) -> str:
    """The name of the workspace with this name or id.

    Raises:
        ApiError: 404 where it isn't there, or not for the account.
    """
    for name in workspaces(context):
        if identifier in (name, workspace_id(name)):
            return name
    raise not_found("ORGANIZATION_NOT_FOUND", f"there is no workspace {identifier!r}")


def of_workspace(database: Database, name: str | None) -> list[sa.Row]:
    """Accounts (name, admin, service) with a role in a workspace, and admins; None is all."""
    query = sa.select(accounts.c.name, accounts.c.admin, accounts.c.service)
    if name is not None:
        here = sa.select(members.c.account).select_from(_JOINED).where(projects.c.workspace == name)
        query = query.where(accounts.c.admin | accounts.c.name.in_(here))
    with database.read() as connection:
        return list(connection.execute(query.order_by(accounts.c.name)).all())


def of_project(database: Database, project: Project, service: bool) -> dict[str, Role]:
    """Roles in a project by account, of machines or of people.

    A project that its workspace shares is managed by all people there.
    """
    query = sa.select(accounts.c.name, members.c.role).join_from(
        accounts, members, members.c.account == accounts.c.name
    )
    here = (members.c.project_id == project.id) & (accounts.c.service == service)
    with database.read() as connection:
        rows = connection.execute(query.where(here).order_by(accounts.c.name)).all()
    found = {name: Role(role) for name, role in rows}
    if project.visibility == "workspace" and not service:
        for account in of_workspace(database, project.workspace):
            if not account.service:
                found[account.name] = Role.MANAGER
    return found


def known(database: Database, name: str, service: bool) -> bool:
    """Whether there is a machine's, or a person's, account of this name."""
    here = (accounts.c.name == name) & (accounts.c.service == service)
    with database.read() as connection:
        return connection.execute(sa.select(accounts.c.name).where(here)).first() is not None


def roles_of_all(connection: sa.Connection) -> dict[str, str]:
    """What each account that is in a project may do there, in words."""
    query = sa.select(members.c.account, members.c.role, projects.c.workspace, projects.c.name)
    rows = connection.execute(query.select_from(_JOINED).order_by(projects.c.name))
    found: dict[str, list[str]] = {}
    for account, role, workspace, name in rows:
        found.setdefault(account, []).append(f"{Role(role).name.lower()} of {workspace}/{name}")
    return {account: ", ".join(roles) for account, roles in found.items()}
