"""The check in front of every route: who asks, and whether another site made the browser ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
from mlflow.server.fastapi_security import get_allowed_hosts, get_allowed_origins
from mlflow.server.security_utils import is_allowed_host_header
from starlette.datastructures import Headers
from starlette.responses import Response

from project.server.api.access import ANONYMOUS, CURRENT, LOCAL, Account
from project.server.api.errors import ApiError
from project.server.api.swagger import DOCUMENTS
from project.server.auth.authorization import REFRESH_PATH
from project.server.auth.credentials import account_of
from project.server.auth.tokens import PATH

# These say nothing of any project, or check what they are given themselves.
OPEN = {"/health", "/version", "/api/backend/v1/clients/config", f"{PATH}/oauth-token"}
OPEN |= {REFRESH_PATH} | {f"/api/{name}/swagger.json" for name in DOCUMENTS}
SAFE = {"GET", "HEAD", "OPTIONS"}


def protect(app: Any) -> Any:
    """The application behind the check of accounts; a request's is then in `scope["account"]`."""

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            check_origin(scope, headers, app.state.settings.url)
            scope["account"] = await _account(app, scope["path"], headers)
        except ApiError as error:
            return await _refuse(scope, receive, send, error)
        CURRENT.set(scope["account"])
        await app(scope, receive, send)

    return checked


def check_origin(scope: dict[str, Any], headers: Headers, url: str) -> None:
    """Keep other sites' pages from acting through a browser that is logged in, or is local.

    MLflow's own middleware does so for its API alone, and not for websockets.

    Raises:
        ApiError: 403.
    """
    websocket = scope["type"] == "websocket"
    host, origin = headers.get("host", ""), headers.get("origin")
    if websocket and not is_allowed_host_header(get_allowed_hosts(), host):
        raise ApiError(403, "ACCESS_DENIED", "this server is not known by that name")
    if origin is None or not websocket and scope["method"] in SAFE:
        return
    # A proxy may tell another host than the browser's.
    if urlsplit(origin).netloc != host and origin not in (url, *get_allowed_origins()):
        raise ApiError(403, "ACCESS_DENIED", "requests from other sites are not taken")


async def _account(app: Any, path: str, headers: Headers) -> Account:
    settings, database = app.state.settings, app.state.database
    if not settings.accounts:
        return LOCAL
    if path in OPEN:
        return ANONYMOUS
    return await anyio.to_thread.run_sync(account_of, settings, database, headers)


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
