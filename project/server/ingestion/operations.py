"""executeOperations: a batch of changes to a container's attributes, applied once, in one go."""

from __future__ import annotations

import time
from typing import Any

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import Body, operation
from project.server.containers import containers, sys_attributes
from project.server.ingestion import images, parsing, releasing, replay
from project.server.ingestion.batch import Application
from project.server.ingestion.values import Log, Operation, OperationError
from project.server.store.values import Container

PATH = "/api/leaderboard/v1/attributes/operations"


@operation("leaderboard", "POST", PATH, "executeOperations")
def execute_operations(
    context: Context, experimentId: str, operations: Body
) -> list[OperationError]:
    """Apply operations in their order; answers an error for each that can't be applied.

    Points have times: a batch with points that equals one of the last batches is that one, sent
    again, and gets the same answer. One without points may be meant twice, such as setting a value
    back; and applied twice in a row it changes nothing.
    """
    found, errors = parsing.parse(operations)
    container = containers.find(context, experimentId, Role.MEMBER)
    # Their artifact store may be slow: pictures are kept before others wait for the transaction.
    with images.stored(context, container, found) as (ready, refused):
        answer, released = _apply(context, container, operations, ready, errors + refused)
    releasing.discard(context, container, released)
    return answer


def _apply(
    context: Context,
    container: Container,
    content: Any,
    found: list[Operation],
    errors: list[OperationError],
) -> tuple[list[OperationError], list[str]]:
    """Apply them in one transaction; returns the answer and the files to be deleted after it."""
    logs = [item for item in found if isinstance(item, Log)]
    digest, peer = replay.digest(content) if logs else "", replay.peer_of(context)
    with context.database.write() as connection:
        context.database.lock_container(connection, container.id)
        former = replay.kept(connection, container.id, peer) if logs else []
        same = replay.find(former, digest, logs)
        if same:
            return same.answer, images.files_of(found)
        application = Application(context, connection, container, former)
        errors = errors + application.apply(found)
        if logs:
            number = former[0].number + 1 if former else 0
            batch = replay.Batch(digest, number, peer, errors, application.spans)
            replay.remember(connection, container.id, batch)
        sys_attributes.touch(connection, container.id, time.time_ns() // 10**6)
    return errors, application.released
