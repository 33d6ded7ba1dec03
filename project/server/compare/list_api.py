"""What the list of runs asks the server for: its rows, changed notes and tags, views by name."""

from __future__ import annotations

from typing import Any

from project.server.api.context import Context
from project.server.api.operation import Body, operation
from project.server.compare import annotations, listing, views
from project.server.errors import bad_request

ROOT = "/compare/api"


@operation("compare", "GET", f"{ROOT}/list", "listRuns")
def list_runs(
    context: Context,
    search: str = "",
    where: str = "",
    sort: str = "",
    columns: str = "",
    seeds: bool = False,
    deleted: bool = False,
    debug: bool = False,
    page: int = 1,
) -> dict[str, Any]:
    """A page of the list of the runs that the account may see."""
    if not 1 <= page <= 10**6:
        raise bad_request("page: give 1 or more")
    names = [name.strip() for name in columns.split(",") if name.strip()]
    asked = listing.Question(search, where, sort, names, seeds, deleted, debug, page)
    with context.database.read() as connection:
        return listing.answer(connection, context.account, asked)


@operation("compare", "POST", f"{ROOT}/notes", "changeNotes")
def change_notes(context: Context, change: Body) -> dict[str, Any]:
    """Write the note and the tags of a run."""
    return annotations.change(context, change)


@operation("compare", "GET", f"{ROOT}/views", "listViews")
def list_views(context: Context) -> dict[str, Any]:
    """The views that the account may open."""
    return views.listed(context)


@operation("compare", "POST", f"{ROOT}/views", "saveView")
def save_view(context: Context, view: Body) -> dict[str, Any]:
    """Keep an address of the page under a name."""
    return views.save(context, view)


@operation("compare", "DELETE", f"{ROOT}/views", "deleteView")
def delete_view(context: Context, name: str, workspace: str = "") -> None:
    """Forget a view."""
    views.delete(context, name, workspace)
