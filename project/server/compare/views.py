"""Views kept by name: addresses of the page, each of an account or shared in a workspace."""

from __future__ import annotations

import re
import time
from typing import Any

import sqlalchemy as sa

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import mapping, text
from project.server.errors import ApiError, bad_request, not_found
from project.server.store.tables import projects, views
from project.words.telling import quoted, unfit

LONGEST_NAME, LONGEST_ADDRESS, MOST = 100, 20_000, 500
# What the page writes behind its own address, which is prefixed here: nothing leads elsewhere.
ADDRESS = re.compile(r"compare(\?[\w\-.~!*'()%,=&+:@$;/]*)?", re.ASCII)


def listed(context: Context) -> dict[str, Any]:
    """The views that the account may open, by name, and the `workspaces` in which it may share."""
    with context.database.read() as connection:
        writable = _workspaces(context, connection, Role.MEMBER)
        seen = _workspaces(context, connection, Role.VIEWER)
        query = sa.select(views).where(_own(context) | views.c.workspace.in_(seen))
        rows = connection.execute(query.order_by(views.c.name, views.c.workspace)).all()
    return {"views": [_shown(row, writable) for row in rows], "workspaces": sorted(writable)}


def save(context: Context, body: Any) -> dict[str, Any]:
    """Keep an address under a name, in place of one that had it.

    Args:
        context: the request's.
        body: `name`, `address`, and `workspace` if those who work there shall have it, too.
    Returns:
        `replaced`: whether there was one of that name.
    Raises:
        ApiError: 400, a name or an address is none; 403, the account may only read there;
            409, there are too many.
    """
    wanted = mapping(body, "the body")
    name = (text(wanted, "name", LONGEST_NAME) or "").strip()
    if fault := unfit(name):
        raise bad_request(f"the name {quoted(name)} {fault}")
    address = text(wanted, "address", LONGEST_ADDRESS) or ""
    if not ADDRESS.fullmatch(address):
        raise bad_request("a view is an address of this page, which begins with compare")
    with context.database.write() as connection:
        place = _place(context, connection, text(wanted, "workspace", 250))
        here = sa.and_(*(views.c[key] == value for key, value in place.items()))
        row = place | {"name": name, "address": address, "author": context.account.name}
        row["changed"] = time.time_ns() // 10**6
        gone = connection.execute(views.delete().where(here, views.c.name == name)).rowcount
        count = sa.select(sa.func.count()).select_from(views).where(here)
        if connection.execute(count).scalar_one() >= MOST:
            raise ApiError(409, "LIMIT_EXCEEDED", f"there are {MOST} views: delete some")
        connection.execute(views.insert().values(row))
    return {"replaced": bool(gone)}


def delete(context: Context, name: str, workspace: str | None) -> None:
    """Forget a view.

    Raises:
        ApiError: 404, there is none; 403, the account may only read there.
    """
    with context.database.write() as connection:
        place = _place(context, connection, workspace)
        here = sa.and_(*(views.c[key] == value for key, value in place.items()))
        if not connection.execute(views.delete().where(here, views.c.name == name)).rowcount:
            raise not_found("NOT_FOUND", f"there is no view {name[:LONGEST_NAME]!r}")


def _own(context: Context) -> sa.ColumnElement[bool]:
    return (views.c.workspace == "") & (views.c.account == context.account.name)


def _place(context: Context, connection: sa.Connection, workspace: str | None) -> dict[str, str]:
    if not workspace:
        return {"workspace": "", "account": context.account.name}
    if workspace not in _workspaces(context, connection, Role.VIEWER):
        raise not_found("ORGANIZATION_NOT_FOUND", f"there is no workspace {workspace[:100]!r}")
    if workspace not in _workspaces(context, connection, Role.MEMBER):
        raise ApiError(403, "ACCESS_DENIED", f"the account is no member in {workspace}")
    return {"workspace": workspace, "account": ""}


def _workspaces(context: Context, connection: sa.Connection, role: Role) -> set[str]:
    """Those in which the account has at least the role; none on a server without accounts."""
    if not context.settings.accounts:
        return set()
    rows = connection.execute(sa.select(projects.c.id, projects.c.workspace))
    return {workspace for id_, workspace in rows if context.account.may(id_, role)}


def _shown(row: Any, writable: set[str]) -> dict[str, Any]:
    return {
        "name": row.name,
        "address": row.address,
        "workspace": row.workspace or None,
        "author": row.author,
        "changed": row.changed,
        "mine": not row.workspace or row.workspace in writable,
    }
