"""The state of a container: running while there are signs of life, then how its run has ended.

    running     the client pings every 10 s, or writes
    connected   and has its websocket open, or had it and never said goodbye
    closing     it said goodbye: its websocket was closed as `stop()` closes it, or its captured
                output ends with the client's own words; what is left to write still comes
    finished    and has written all; or never was there to be watched, as `neptune sync` is not
    failed      and `sys/failed` was set, as it is after an exception
    interrupted what our own tracker says of its run in `result/status`, which always counts
    lost        the signs of life stopped without a goodbye: killed, or cut off for long
    unknown     they did, and it had no websocket to say goodbye with, which a proxy may keep from
                it, or a server that ends, nor captured output; our own tracker's runs tell of their
                end

A container that comes back is running again. MLflow shows the same as the run's status and as the
tag `status`. Who calls these functions holds the container's lock.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from project.server.containers import sys_rows
from project.server.errors import not_found
from project.server.mlflow.experiments import RUNS, set_tags
from project.server.mlflow.names import is_ours
from project.server.store.tables import attributes, containers, signals
from project.tracking.mlflow.layout import STATUSES

RUNNING, CONNECTED, CLOSING = "running", "connected", "closing"
ALIVE = (RUNNING, CONNECTED, CLOSING)
# What counts at most as running between two pings, in ms; they come every 10 s.
LONGEST = 30_000
_STATE = ("run_uuid", "type", "state", "pinged", "custom_id")
STATE = sa.select(*(containers.c[name] for name in _STATE))
# What the client prints as it stops, which it captures unless it is told not to.
GOODBYE = "Shutting down background jobs, please wait a moment..."
# What a client says of the end of its run.
TIMES = {"start_time": "run/created", "end_time": "result/ended"}
TOLD = ("result/status", "sys/failed", *TIMES.values())


def pinged(connection: sa.Connection, id_: str, now: int) -> None:
    """The client says that it is there."""
    row = _row(connection, id_)
    _set(connection, id_, pinged=now)
    sys_rows.put(connection, id_, "ping_time", number=now)
    if row.state in ALIVE and row.pinged is not None:
        sys_rows.add_time(connection, id_, min(max(now - row.pinged, 0), LONGEST) / 1000)
    # One ping may have been under way when the client said goodbye.
    at_once = row.state in ("lost", "unknown")
    if at_once or row.state not in ALIVE and row.pinged is not None:
        _resume(connection, id_, row)


def opened(connection: sa.Connection, id_: str, now: int) -> None:
    """The client has connected its websocket."""
    row = _row(connection, id_)
    if row.state not in ALIVE:
        _resume(connection, id_, row)
    _set(connection, id_, state=CONNECTED, pinged=now)


def closed(connection: sa.Connection, id_: str, now: int) -> None:
    """The client has said goodbye; another process may be in the same run."""
    if _row(connection, id_).state in (RUNNING, CONNECTED):
        _set(connection, id_, state=CLOSING, pinged=now)


def left(connection: sa.Connection, id_: str, now: int) -> None:
    """The server ends, and will hear no goodbye until the client has connected again."""
    if _row(connection, id_).state == CONNECTED:
        _set(connection, id_, state=RUNNING, pinged=now)


def still_open(connection: sa.Connection, id_: str, now: int) -> None:
    """Another process has said goodbye, and this one's websocket is open."""
    if _row(connection, id_).state == CLOSING:
        _set(connection, id_, state=CONNECTED, pinged=now)


def ended(connection: sa.Connection, id_: str, last: int) -> None:
    """There are no more signs of life, since `last` (unix ms)."""
    row = _row(connection, id_)
    told = _told(connection, id_)
    state = _verdict(told, _untold(row))
    _set(connection, id_, state=state, pinged=None)
    if state == "lost":
        sys_rows.put(connection, id_, "failed", number=1)
    # Who begins the run again does not mean to be stopped at once.
    unsent = (signals.c.container_id == id_) & signals.c.sent.is_(None)
    connection.execute(signals.delete().where(unsent))
    _show(connection, id_, row, state, last)
    if is_ours(row.custom_id):  # it may have been sent long after it was made
        for name, path in TIMES.items():
            if (moment := _time(told, path)) is not None:
                _set_run(connection, row, **{name: moment})


def failed(connection: sa.Connection, id_: str) -> None:
    """`sys/failed` has changed, which may come after the end."""
    row = _row(connection, id_)
    if row.state in ("finished", "failed", "unknown"):
        otherwise = "unknown" if row.state == "unknown" else "finished"
        state = _verdict(_told(connection, id_), otherwise)
        _set(connection, id_, state=state)
        set_tags(connection, row.run_uuid, {"status": state})
        _set_run(connection, row, status=STATUSES[state])


def _resume(connection: sa.Connection, id_: str, row: sa.Row) -> None:
    lost = row.state == "lost"
    if lost:
        sys_rows.put(connection, id_, "failed", number=0)
    # One that was lost has had a websocket, or tells of its end.
    _set(connection, id_, state=CONNECTED if lost else RUNNING)
    _show(connection, id_, row, RUNNING, None)


def _told(connection: sa.Connection, id_: str) -> dict[str, sa.Row]:
    own = attributes.c.container_id == id_
    query = sa.select(attributes.c.path, attributes.c.text, attributes.c.number)
    return {r.path: r for r in connection.execute(query.where(own, attributes.c.path.in_(TOLD)))}


def _time(told: dict[str, sa.Row], path: str) -> int | None:
    """A moment of which the client told, in unix ms; None if it is none."""
    try:
        moment = datetime.fromisoformat(told[path].text)
    except (KeyError, TypeError, ValueError):
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo else None


def _untold(row: sa.Row) -> str:
    """How a run has ended that says nothing of it itself."""
    if row.state == CLOSING:
        return "finished"
    if row.state == CONNECTED or is_ours(row.custom_id):
        return "lost"
    # Models have no websocket at all, and who only syncs does not ping.
    return "unknown" if row.type == "run" and row.pinged is not None else "finished"


def _verdict(told: dict[str, sa.Row], otherwise: str) -> str:
    if "result/status" in told and told["result/status"].text in STATUSES:
        return told["result/status"].text
    if "sys/failed" in told and told["sys/failed"].number:
        return "failed"
    return otherwise


def _show(
    connection: sa.Connection, id_: str, row: sa.Row, state: str, end_time: int | None
) -> None:
    alive = state == RUNNING
    sys_rows.put(connection, id_, "state", text="running" if alive else "idle")
    set_tags(connection, row.run_uuid, {"status": state})
    status = "RUNNING" if alive else STATUSES[state]
    _set_run(connection, row, status=status, end_time=end_time)


def _row(connection: sa.Connection, id_: str) -> sa.Row:
    row = connection.execute(STATE.where(containers.c.id == id_)).one_or_none()
    if row is None:  # deleted since the request found it
        raise not_found("EXPERIMENT_NOT_FOUND", f"there is no {id_!r} any more")
    return row


def _set(connection: sa.Connection, id_: str, **values: str | int | None) -> None:
    connection.execute(containers.update().where(containers.c.id == id_).values(values))


def _set_run(connection: sa.Connection, row: sa.Row, **values: str | int | None) -> None:
    connection.execute(RUNS.update().where(RUNS.c.run_uuid == row.run_uuid).values(values))
