"""Failures that are nobody's mistake: a client that has gone, a database that is away."""

from __future__ import annotations

import logging
from typing import Any

import anyio.to_thread
import sqlalchemy as sa
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.websockets import WebSocket, WebSocketState

from project.databases.faults import is_away
from project.server.errors import ApiError
from project.server.store.database import Database

# What closes a websocket that is to be opened again later (RFC 6455's registry).
TRY_AGAIN = 1013
# How long a client may wait before it asks again, in seconds.
PAUSE = "2"


def handle(app: Any) -> None:
    """Have the application answer to such failures, instead of logging where they came up."""
    for kind in (ClientDisconnect, sa.exc.DBAPIError, sa.exc.TimeoutError):
        app.add_exception_handler(kind, _handle)
    logging.getLogger("mlflow.server.handlers").addFilter(_News(app.state.database))


def routes() -> list[BaseRoute]:
    """What monitors and proxies ask; in the place of MLflow's, which knows of no database."""
    return [Route("/health", _health)]


def unavailable(database: Database, error: Exception) -> ApiError:
    """The answer while the database is away; the log says so once."""
    database.outage.begun(error)
    return ApiError(503, "SERVICE_UNAVAILABLE", "the database can't be reached; try again")


class _News(logging.Filter):
    """Keeps from the log what MLflow says, request by request, of a database that is away."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is news."""
        return "OperationalError" not in record.getMessage() or self._database.answers()


async def _health(request: Request) -> Response:
    database: Database = request.app.state.database
    if await anyio.to_thread.run_sync(database.answers):
        return PlainTextResponse("OK")
    return PlainTextResponse("the database can't be reached", 503, {"Retry-After": PAUSE})


async def _handle(connection: HTTPConnection, error: Exception) -> Response | None:
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # nobody reads it
    if not is_away(error):
        raise error
    answer = unavailable(connection.app.state.database, error)
    if isinstance(connection, WebSocket):
        if connection.application_state != WebSocketState.DISCONNECTED:
            await connection.close(TRY_AGAIN)
        return None
    response = answer.response()
    response.headers["Retry-After"] = PAUSE
    return response
