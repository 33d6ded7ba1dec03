"""Recognising operations that came before: a batch sent again, whole or with other boundaries.

A client sends a batch again until it is answered. It may be killed meanwhile, and what reads its
disk queue later may cut it into other batches, which then begin where a former one began. Points
with a step of their own show by themselves that they are known. Those without, which get the next
step, are known if they equal, from the place on where a former batch began or ended, what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from project.server.database import Database
from project.server.tables import batches
from project.server.values import OperationError

# How many batches of a container are remembered: several clients may write to one.
KEPT = 16

Entry = tuple[int, Any]  # a timestamp and a value


@dataclass
class Span:
    """Where the points without a step of one batch stand in their series.

    Attributes:
        start, end: the place of the first one, and the one after the last: the step of a float,
            the number of another entry.
        timestamp: of the first one.
    """

    start: float
    end: float
    timestamp: int


@dataclass
class Batch:
    """One batch: what is remembered of it, and what was answered to it."""

    digest: str
    number: int
    answer: list[OperationError] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)  # by path


def digest(operations: Any) -> str:
    """The hash by which a batch is recognised."""
    return blake2b(orjson.dumps(operations), digest_size=32).hexdigest()


def kept(connection: sa.Connection, container_id: str) -> list[Batch]:
    """The last batches of the container, the newest first."""
    query = sa.select(batches.c.digest, batches.c.number, batches.c.answer)
    rows = connection.execute(
        query.where(batches.c.container_id == container_id).order_by(batches.c.number.desc())
    )
    return [_batch(*row) for row in rows]


def remember(
    connection: sa.Connection, database: Database, container_id: str, batch: Batch
) -> None:
    """Keep the batch, and of the older ones as many as are needed."""
    spans = {path: [s.start, s.end, s.timestamp] for path, s in batch.spans.items()}
    answer = orjson.dumps({"answer": batch.answer, "spans": spans}).decode()
    row = {"container_id": container_id, "digest": batch.digest}
    row |= {"number": batch.number, "answer": answer}
    connection.execute(database.insert(batches).values(row))
    old = batches.c.number <= batch.number - KEPT
    connection.execute(batches.delete().where(batches.c.container_id == container_id, old))


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
        end: the place of the next new one.
        read: gives at most so many entries of the series from a place on.
    """
    for place in _places(former, path, entries[0][0], end):
        if read(place, 1) == entries[:1]:
            there = read(place, len(entries))
            if there == entries[: len(there)]:
                return place, len(there)
    return end, 0


def _places(former: list[Batch], path: str, timestamp: int, end: float) -> list[float]:
    """Where a former batch began with this time or, if something follows there, where it ended."""
    spans = [batch.spans[path] for batch in former if path in batch.spans]
    starts = {span.start for span in spans}
    likely = {span.start for span in spans if span.timestamp == timestamp}
    return sorted(likely | {span.end for span in spans if span.end not in starts} - {end})


def _batch(digest: str, number: int, answer: str) -> Batch:
    content = orjson.loads(answer)
    spans = {path: Span(*span) for path, span in content["spans"].items()}
    return Batch(digest, number, content["answer"], spans)
