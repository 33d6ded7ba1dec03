"""Neptune's own management functions, as people of a workspace use them; prints what they give."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from neptune import management
from neptune.management.exceptions import (
    ServiceAccountNotFound,
    UserAlreadyHasAccess,
    UserAlreadyInvited,
    UserNotExistsOrWithoutAccess,
    WorkspaceNotFound,
    WorkspaceOrUserNotFound,
)

TOKENS: dict[str, str] = json.loads(os.environ["TOKENS"])
NEW, SHARED = "lab/new", "lab/shared"


def refused(error: type[Exception], function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The name of the error that the call must raise."""
    try:
        function(*args, **kwargs)
    except error:
        return error.__name__
    raise AssertionError(f"{function} was not refused")


def as_(name: str) -> dict[str, str]:
    return {"api_token": TOKENS[name]}


def workspaces() -> dict[str, Any]:
    """Who is in a workspace, as its members and others see it."""
    return {
        "people": management.get_workspace_member_list("lab", **as_("vera")),
        "machines": management.get_workspace_service_account_list("lab", **as_("root")),
        "others": refused(
            WorkspaceNotFound, management.get_workspace_member_list, "lab", **as_("bob")
        ),
        "status": management.get_workspace_status("lab", **as_("vera")),
    }


def members() -> dict[str, Any]:
    """A person and a machine come into a project and go."""
    made = management.create_project(name=NEW, **as_("alice"))
    before = management.get_project_list(**as_("bob"))
    management.add_project_member(NEW, "bob", "contributor", **as_("alice"))
    management.add_project_service_account(NEW, "robot", "viewer", **as_("root"))
    during = {
        "people": management.get_project_member_list(NEW, **as_("bob")),
        "machines": management.get_project_service_account_list(NEW, **as_("bob")),
        "bob": management.get_project_list(**as_("bob")),
        "again": refused(
            UserAlreadyHasAccess,
            *(management.add_project_member, NEW, "bob", "viewer"),
            **as_("alice"),
        ),
    }
    management.remove_project_member(NEW, "bob", **as_("alice"))
    management.remove_project_service_account(NEW, "robot", **as_("alice"))
    return {
        "made": made,
        "before": before,
        "during": during,
        "bob": management.get_project_list(**as_("bob")),
        "people": management.get_project_member_list(NEW, **as_("alice")),
        "machines": management.get_project_service_account_list(NEW, **as_("alice")),
        "twice": refused(
            UserNotExistsOrWithoutAccess,
            *(management.remove_project_member, NEW, "bob"),
            **as_("alice"),
        ),
        "unknown machine": refused(
            ServiceAccountNotFound,
            *(management.add_project_service_account, NEW, "nobody", "viewer"),
            **as_("root"),
        ),
    }


def shared() -> dict[str, Any]:
    """A project that its workspace shares."""
    management.create_project(name=SHARED, visibility="workspace", **as_("root"))
    return {
        "vera": management.get_project_list(**as_("vera")),
        "bob": management.get_project_list(**as_("bob")),
        "people": management.get_project_member_list(SHARED, **as_("vera")),
    }


def invitations() -> dict[str, Any]:
    """Accounts are in a workspace through its projects."""
    invite = management.invite_to_workspace
    root = as_("root")
    found = {
        "known": refused(UserAlreadyInvited, invite, username="vera", workspace="lab", **root),
        "nobody": refused(
            WorkspaceOrUserNotFound, invite, username="nobody", workspace="lab", **root
        ),
        "nowhere": refused(
            WorkspaceOrUserNotFound, invite, username="vera", workspace="nowhere", **root
        ),
    }
    invite(username="bob", workspace="lab", add_to_all_projects=True, **root)
    return found | {"bob": management.get_project_list(**as_("bob"))}


if __name__ == "__main__":
    steps = (workspaces, members, shared, invitations)
    json.dump({step.__name__: step() for step in steps}, sys.stdout)
