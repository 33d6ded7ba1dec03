"""Recognising operations that came before: a batch sent again, whole or with other boundaries.

A client sends a batch again until it is answered. It may be killed meanwhile, and what reads its
disk queue later may cut it into other batches, which then begin where a former one began. Points
with a step of their own show by themselves that they are known. Those without, which get the next
step, are known if they equal, from where a former batch began or ended, what is there.

One case looks like that and is none: a constant logged by the thousand at once, whose points, and
then whole batches, are all alike. There a batch is taken for new if it comes over the connection
that the former one was answered on: a client that goes on using it has read that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.errors import bad_request
from project.server.ingestion.values import Log, OperationError
from project.server.store.tables import batches

# How many batches of a container are remembered: several clients may write to one.
KEPT = 16
# A client puts so many points into a batch, and more, only where they were logged at once.
MANY = 1000

Entry = tuple[int, Any]  # a timestamp and a value

# Built once: that takes longer than their work in the database.
_OWN = batches.c.container_id == sa.bindparam("own")
_KEPT = (
    sa.select(batches.c.digest, batches.c.number, batches.c.answer)
    .where(_OWN)
    .order_by(batches.c.number.desc())
)
_REPLACED = batches.delete().where(_OWN, batches.c.digest == sa.bindparam("same"))
_FORGET = batches.delete().where(_OWN, batches.c.number <= sa.bindparam("last"))


@dataclass
class Span:
    """Where the points without a step of one batch stand in their series.

    Attributes:
        start, end: the position of the first one, and the one after the last: the step of a float,
            the number of another entry.
        timestamp: of the first one.
    """

    start: float
    end: float
    timestamp: int


@dataclass
class Batch:
    """One batch: what is remembered of it, and what was answered to it.

    Attributes:
        digest: its hash.
        number: counts the batches of its container.
        peer: the client's end of the connection; empty where it is not known.
        answer: the errors in it.
        spans: where its points without a step are, by path.
        read: whether the client that sends the present one has read the answer.
    """

    digest: str
    number: int
    peer: str
    answer: list[OperationError]
    spans: dict[str, Span]
    read: bool = False


def digest(operations: Any) -> str:
    """The hash by which a batch is recognised.

    Raises:
        ApiError: 400, what it holds besides operations can't be written down again.
    """
    try:
        return blake2b(orjson.dumps(operations), digest_size=32).hexdigest()
    except orjson.JSONEncodeError as error:
        raise bad_request(f"the body is nested too deeply: {error}") from None


def peer_of(context: Context) -> str:
    """The client's end of the connection; empty where a proxy hides it."""
    client = context.request and context.request.client
    return f"{client.host} {client.port}" if client and client.port else ""


def kept(connection: sa.Connection, container_id: str, peer: str) -> list[Batch]:
    """The last batches of the container, the newest first, as this peer knows them."""
    rows = connection.execute(_KEPT, {"own": container_id})
    return [_batch(*row, peer) for row in rows]


def find(former: list[Batch], digest: str, logs: list[Log]) -> Batch | None:
    """The former batch that the one with this hash, which logs this, is."""
    for batch in former:
        if batch.digest == digest:
            new = batch.read and all(is_constant(log.points) for log in logs)
            return None if new else batch
    return None


def is_constant(entries: Sequence[tuple[Any, ...]]) -> bool:
    """Whether these are many points without any difference."""
    return (
        len(entries) >= MANY
        and entries[0] == entries[-1] == entries[len(entries) // 2]
        and (entries.count(entries[0]) == len(entries))
    )


def remember(connection: sa.Connection, container_id: str, batch: Batch) -> None:
    """Keep the batch, and of the older ones as many as are needed."""
    spans = {path: [s.start, s.end, s.timestamp] for path, s in batch.spans.items()}
    content = {"answer": batch.answer, "spans": spans, "peer": batch.peer}
    row = {"container_id": container_id, "digest": batch.digest, "number": batch.number}
    connection.execute(_REPLACED, {"own": container_id, "same": batch.digest})
    connection.execute(batches.insert(), row | {"answer": orjson.dumps(content).decode()})
    connection.execute(_FORGET, {"own": container_id, "last": batch.number - KEPT})


def overlap(
    former: list[Batch],
    path: str,
    entries: list[Entry],
    end: float,
    read: Callable[[float, int], list[Entry]],
) -> tuple[float, int]:
    """Where the entries belong that came without a step, and how many of them are there already.

    Args:
        former: the batches that are remembered.
        path: of the series.
        entries: those without a step, in order.
        end: the position of the next new one.
        read: gives at most so many entries of the series from a position on.
    """
    if is_constant(entries):
        former = [batch for batch in former if not batch.read]
    for start in _candidates(former, path, entries[0][0], end):
        if read(start, 1) == entries[:1]:
            there = read(start, len(entries))
            if there == entries[: len(there)]:
                return start, len(there)
    return end, 0


def _candidates(former: list[Batch], path: str, timestamp: int, end: float) -> list[float]:
    """Where a former batch began with this time or, if something follows there, where it ended."""
    spans = [batch.spans[path] for batch in former if path in batch.spans]
    starts = {span.start for span in spans}
    likely = {span.start for span in spans if span.timestamp == timestamp}
    return sorted(likely | {span.end for span in spans if span.end not in starts} - {end})


def _batch(digest: str, number: int, answer: str, peer: str) -> Batch:
    content = orjson.loads(answer)
    spans = {path: Span(*span) for path, span in content["spans"].items()}
    read = content["peer"] == peer != ""
    return Batch(digest, number, content["peer"], content["answer"], spans, read)
