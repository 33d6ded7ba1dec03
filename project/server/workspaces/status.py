"""What the client asks about a workspace as a whole: invitations and the space that is left."""

from __future__ import annotations

import shutil
from typing import Any, TypedDict

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import mapping, text
from project.server.api.operation import Body, Path, operation
from project.server.auth import accounts
from project.server.errors import ApiError, bad_request, not_found
from project.server.workspaces import people
from project.server.workspaces.projects import visible


class WorkspaceStatus(TypedDict):
    """Space on the server's disk, in bytes, and how much there is in the workspace."""

    storageBytesAvailable: int
    storageBytesLimit: int
    activeProjectsUsage: int
    membersCount: int


@operation(
    "backend", "GET", "/api/backend/v1/payments/{organizationIdentifier}/status", "workspaceStatus"
)
def workspace_status(context: Context, organizationIdentifier: Path) -> WorkspaceStatus:
    """How full the disk is, and the workspace."""
    name = people.workspace(context, organizationIdentifier)
    disk = shutil.disk_usage(context.settings.folder("keys"))
    return {
        "storageBytesAvailable": disk.free,
        "storageBytesLimit": disk.total,
        "activeProjectsUsage": sum(p.workspace == name for p in visible(context)),
        "membersCount": len(people.of_workspace(context.database, name)),
    }


@operation(
    "backend", "POST", "/api/backend/v1/invitations/organization", "createOrganizationInvitations"
)
def create_organization_invitations(context: Context, newOrganizationInvitations: Body) -> None:
    """Let an account into all projects of a workspace; it belongs to one through its projects."""
    if not context.account.admin:
        raise ApiError(403, "ACCESS_DENIED", "only admins invite to workspaces")
    name = text(newOrganizationInvitations, "organizationIdentifier", 100) or ""
    entries = newOrganizationInvitations.get("invitationsEntries")
    if not isinstance(entries, list):
        raise bad_request("invitationsEntries is no list")
    workspace = people.workspace(context, name)
    for entry in entries:
        _invite(context, workspace, mapping(entry, "an invitation"))


def _invite(context: Context, workspace: str, entry: dict[str, Any]) -> None:
    invitee = text(entry, "invitee", 100) or ""
    if entry.get("invitationType") != "user":
        raise ApiError(422, "NO_EMAIL", "this server sends no e-mail: invite an account by name")
    if not people.known(context.database, invitee, service=False):
        raise not_found("USER_NOT_FOUND", f"there is no account {invitee!r}")
    if any(a.name == invitee for a in people.of_workspace(context.database, workspace)):
        raise ApiError(409, "USER_ALREADY_INVITED", f"{invitee!r} is in {workspace!r}")
    if entry.get("addToAllProjects") is not True:
        raise ApiError(422, "NO_PROJECT", "say add_to_all_projects, or add it to one project")
    shared = [project for project in visible(context) if project.workspace == workspace]
    with context.database.write() as connection:
        for project in shared:
            accounts.join(context.database, connection, project.id, invitee, Role.MEMBER)
