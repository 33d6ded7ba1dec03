"""The addresses that Neptune's client prints for runs, models and projects."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from project.server.api.access import Role
from project.server.api.context import context_of
from project.server.containers import containers
from project.server.errors import ApiError


def routes() -> list[BaseRoute]:
    """One for each form the client has."""
    forms = ("e/{short_id}", "m/{short_id}", "m/{model}/v/{short_id}")
    return [Route(f"/{{workspace}}/{{project}}/{form}", show) for form in forms]


async def show(request: Request) -> Response:
    """Go on to the page that shows the container."""
    names = [request.path_params[name] for name in ("workspace", "project", "short_id")]
    context = context_of(request)
    try:
        found = await anyio.to_thread.run_sync(
            containers.find, context, "/".join(names), Role.VIEWER
        )
    except ApiError as error:
        return error.response()
    return RedirectResponse(f"/compare?runs={found.run_uuid}")
