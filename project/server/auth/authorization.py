"""How the Neptune client finds out about the server, and turns its API token into signed ones."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import parse_qs

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from project.server.api.context import Context, context_of
from project.server.api.operation import Header, operation
from project.server.auth import accounts, tokens
from project.server.body import json_response
from project.server.errors import ApiError

REFRESH_PATH = f"{tokens.PATH}/protocol/openid-connect/token"
ApiToken = Header["X-Neptune-Api-Token"]
# Larger than any refresh request, in bytes.
MAX_FORM = 16 * 1024


class Versions(TypedDict):
    """Versions of the client; None is no limit."""

    minRecommendedVersion: str | None
    minCompatibleVersion: str | None
    maxCompatibleVersion: str | None


class MultiPartUpload(TypedDict):
    """How the client cuts large files, in bytes."""

    enabled: bool
    minChunkSize: int
    maxChunkSize: int
    maxChunkCount: int
    maxSinglePartSize: int


class Artifacts(TypedDict):
    """Which of the artifact protocols the server speaks."""

    enabled: bool
    apiVersion: int


class ClientConfig(TypedDict):
    """What the client asks first."""

    apiUrl: str
    applicationUrl: str
    pyLibVersions: Versions
    multiPartUpload: MultiPartUpload
    artifacts: Artifacts
    sysNameSetByBackend: bool


class Tokens(TypedDict):
    """What an API token is exchanged for."""

    accessToken: str
    refreshToken: str
    username: str


@operation("backend", "GET", "/api/backend/v1/clients/config", "getClientConfig")
def get_client_config(context: Context, api_token: ApiToken = "", alpha: str = "") -> ClientConfig:
    """The server's addresses and limits.

    Raises:
        ApiError: 401, the API token doesn't hold.
    """
    accounts.of_api_token(context.settings, context.database, api_token)
    url = context.settings.url
    return {
        "apiUrl": url,
        "applicationUrl": url,
        "pyLibVersions": {
            "minRecommendedVersion": None,
            "minCompatibleVersion": "1.0.0",
            "maxCompatibleVersion": None,
        },
        "multiPartUpload": {
            "enabled": True,
            "minChunkSize": 5 * 2**20,
            "maxChunkSize": 2**30,
            "maxChunkCount": 1000,
            "maxSinglePartSize": 5 * 2**20,
        },
        "artifacts": {"enabled": True, "apiVersion": 2},
        "sysNameSetByBackend": True,
    }


@operation("backend", "GET", f"{tokens.PATH}/oauth-token", "exchangeApiToken")
def exchange_api_token(context: Context, api_token: ApiToken = "") -> Tokens:
    """Signed tokens for the account whose API token comes.

    Raises:
        ApiError: 401, the API token doesn't hold.
    """
    key = accounts.of_api_token(context.settings, context.database, api_token)
    return {
        "accessToken": tokens.issue(context.settings, key.account.name, key.id, "access"),
        "refreshToken": tokens.issue(context.settings, key.account.name, key.id, "refresh"),
        "username": key.account.name,
    }


def routes() -> list[BaseRoute]:
    """Where the client's OAuth library gets a new access token."""
    return [Route(REFRESH_PATH, _refresh, methods=["POST"])]


async def _refresh(request: Request) -> Response:
    """OAuth 2's refresh grant (RFC 6749, section 6)."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return json_response({"error": "invalid_request"}, 413)
    form = parse_qs(body.decode("latin-1"))
    if form.get("grant_type") != ["refresh_token"]:
        return json_response({"error": "unsupported_grant_type"}, 400)
    token = form.get("refresh_token", [""])[0]
    try:
        answer = await anyio.to_thread.run_sync(_refreshed, context_of(request), token)
    except ApiError:
        # The client then starts anew from its API token.
        return json_response({"error": "invalid_grant"}, 400)
    return json_response(answer)


def _refreshed(context: Context, token: str) -> dict[str, object]:
    settings = context.settings
    claims = tokens.verify(settings, token, "refresh")
    key = accounts.of_key_id(settings, context.database, claims["key"])
    return {
        "access_token": tokens.issue(settings, key.account.name, key.id, "access"),
        "refresh_token": tokens.issue(settings, key.account.name, key.id, "refresh"),
        "token_type": "bearer",
        "expires_in": tokens.ACCESS,
    }
