"""Stop and abort: asked for by a person, and told to a run's client over its websocket."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypedDict

import anyio
import sqlalchemy as sa
from anyio.to_thread import run_sync
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from project.databases.faults import is_away
from project.server.api.access import Role
from project.server.api.context import Context, context_of
from project.server.api.fields import bad_field, text
from project.server.api.operation import Body, Path, operation
from project.server.containers import containers, states
from project.server.errors import ApiError, not_found
from project.server.store.tables import containers as container_table
from project.server.store.tables import signals
from project.server.store.values import Container

TYPES = ("stop", "abort")
# A signal waits at most so long, in seconds; whichever worker has the websocket asks the store.
POLL = 1.0
# An empty message after so many polls keeps proxies from closing a quiet websocket.
HEARTBEAT = 10
LONGEST = 24 * 3600
NORMAL = 1000  # the code with which `stop()` closes a websocket
RESTART = 1012  # and that with which this server does as it ends


class Signal(TypedDict):
    """A signal that waits to be sent."""

    id: str
    type: str
    seconds: float


@operation("leaderboard", "POST", "/api/project/v1/runs/{runId}/signal", "signalRun")
def give(context: Context, runId: Path, signal: Body) -> Signal:
    """Ask a run's client to stop, or to abort and mark the run as failed, within some seconds."""
    type_, seconds = text(signal, "type", 10), signal.get("seconds", 60)
    if type_ not in TYPES:
        raise bad_field("type", "ERR_INVALID", f"is none of {', '.join(TYPES)}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise bad_field("seconds", "ERR_INVALID", "is no number")
    if not 0 <= seconds <= LONGEST:
        raise bad_field("seconds", "ERR_INVALID", f"is not between 0 and {LONGEST}")
    container = containers.find(context, runId, Role.MEMBER)
    fresh = {"id": str(uuid.uuid4()), "type": type_, "seconds": float(seconds)}
    row = fresh | {"container_id": container.id, "created": time.time_ns() // 10**6}
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        query = sa.select(container_table.c.state).where(container_table.c.id == container.id)
        if container.type != "run" or connection.execute(query).scalar() not in states.ALIVE:
            raise ApiError(409, "ALREADY_FINISHED", f"{container.short_id} is not running")
        connection.execute(signals.insert().values(row))
    return fresh


def routes() -> list[BaseRoute]:
    """The websocket that every run's client keeps open."""
    path = "/api/notifications/v1/runs/{projectId}/{runId}/signal"
    return [WebSocketRoute(path, connect)]


async def connect(websocket: WebSocket) -> None:
    """Tell the client of signals until it, or the server, closes the websocket."""
    context = context_of(websocket)
    try:
        container = await run_sync(_find, context, websocket.path_params)
    except ApiError:
        await websocket.close(1008)
        return
    await websocket.accept()
    await run_sync(_note, context, container, states.opened)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_send, websocket, context, container)
        code = await _closing(websocket)
        tasks.cancel_scope.cancel()
    if code == RESTART:
        await _done(context, _note, context, container, states.left)
    while code == NORMAL and not await _done(context, _note, context, container, states.closed):
        await anyio.sleep(POLL)


async def _closing(websocket: WebSocket) -> int:
    """The code of the close, once it comes; the client sends nothing else."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return message["code"]


async def _send(websocket: WebSocket, context: Context, container: Container) -> None:
    told: set[str] = set()
    await _done(context, lambda: told.update(_told(context, container)))
    for poll in itertools.count():
        news: list[sa.Row] = []
        await _done(context, lambda: news.extend(_news(context, container, told)))
        try:
            for signal in news:
                body = {"type": f"neptune/{signal.type}", "body": {"seconds": signal.seconds}}
                await websocket.send_text(json.dumps(body))
                told.add(signal.id)
                await _done(context, _mark, context, signal.id)
            if poll % HEARTBEAT == 0:
                await websocket.send_text("")
        except WebSocketDisconnect:
            return
        await anyio.sleep(POLL)


async def _done(context: Context, what: Callable[..., None], *arguments: Any) -> bool:
    """Do it, in a thread; whether the store was there for it."""
    try:
        await run_sync(what, *arguments)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        if not is_away(error):
            raise
        context.database.outage.begun(error)
        return False
    return True


def _find(context: Context, names: dict[str, str]) -> Container:
    container = containers.find(context, names["runId"], Role.MEMBER)
    if container.project_id != names["projectId"]:
        raise not_found("EXPERIMENT_NOT_FOUND", "the run is in another project")
    return container


def _note(
    context: Context, container: Container, what: Callable[[sa.Connection, str, int], None]
) -> None:
    here = sa.select(container_table.c.id).where(container_table.c.id == container.id)
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        if connection.execute(here).scalar() is not None:  # else it was deleted meanwhile
            what(connection, container.id, time.time_ns() // 10**6)


def _told(context: Context, container: Container) -> set[str]:
    """Signals that other websockets of the run, or earlier ones, were told of."""
    query = sa.select(signals.c.id).where(
        signals.c.container_id == container.id, signals.c.sent.is_not(None)
    )
    with context.database.read() as connection:
        return set(connection.execute(query).scalars())


def _news(context: Context, container: Container, told: set[str]) -> list[sa.Row]:
    """Signals that this websocket has not been told of."""
    query = sa.select(signals).where(signals.c.container_id == container.id)
    state = sa.select(container_table.c.state).where(container_table.c.id == container.id)
    with context.database.read() as connection:
        rows = connection.execute(query.order_by(signals.c.created)).all()
        closing = connection.execute(state).scalar() == states.CLOSING
    if closing:
        _note(context, container, states.still_open)
    return [row for row in rows if row.id not in told]


def _mark(context: Context, signal_id: str) -> None:
    now = time.time_ns() // 10**6
    with context.database.write() as connection:
        connection.execute(signals.update().where(signals.c.id == signal_id).values(sent=now))
