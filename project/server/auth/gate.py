"""The check in front of every route: who asks, by which name, and from whose page."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
import sqlalchemy as sa
from starlette.datastructures import Headers
from starlette.responses import Response

from project.databases.faults import is_away
from project.server.api.access import ANONYMOUS, CURRENT, LOCAL, Account
from project.server.api.failures import unavailable
from project.server.api.swagger import DOCUMENTS
from project.server.auth import origins
from project.server.auth.authorization import REFRESH_PATH
from project.server.auth.credentials import account_of
from project.server.auth.tokens import PATH
from project.server.errors import ApiError, not_found

# These say nothing of any project, or check what they are given themselves.
OPEN = {"/health", "/version", "/api/backend/v1/clients/config", f"{PATH}/oauth-token"}
OPEN |= {REFRESH_PATH} | {f"/api/{name}/swagger.json" for name in DOCUMENTS}
# These do as well, and a monitor may know the server by any name.
NAMELESS = {"/health", "/version"}
# Beneath it are the websockets of runs; other addresses have none.
WEBSOCKETS = "/api/notifications/v1/runs/"


def protect(app: Any) -> Any:
    """The application behind the check of accounts; a request's is then in `scope["account"]`."""

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            _check_address(scope, headers, app.state.settings.url)
            scope["account"] = await _account(app, scope["path"], headers)
        except ApiError as error:
            return await _refuse(scope, receive, send, error)
        CURRENT.set(scope["account"])
        await app(scope, receive, send)

    return checked


def _check_address(scope: dict[str, Any], headers: Headers, url: str) -> None:
    """Keep other sites' pages from acting through a browser that is logged in, or is local."""
    websocket = scope["type"] == "websocket"
    if websocket or scope["path"] not in NAMELESS:
        origins.check_host(headers.get("host", ""), url)
        origins.check_origin(headers, url)
    if websocket and not scope["path"].startswith(WEBSOCKETS):
        raise not_found("NOT_FOUND", "there is no websocket here")


async def _account(app: Any, path: str, headers: Headers) -> Account:
    settings, database = app.state.settings, app.state.database
    if not settings.accounts:
        return LOCAL
    if path in OPEN:
        return ANONYMOUS
    try:
        return await anyio.to_thread.run_sync(account_of, settings, database, headers)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        if not is_away(error):
            raise
        raise unavailable(database, error) from None


async def _refuse(scope: dict[str, Any], receive: Any, send: Any, error: ApiError) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    response: Response = error.response()
    if error.status == 401:
        # Makes a browser ask for name and key.
        response.headers["WWW-Authenticate"] = 'Basic realm="runs", charset="UTF-8"'
    await response(scope, receive, send)
