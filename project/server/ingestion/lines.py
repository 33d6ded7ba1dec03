"""String series: the entries of one batch, numbered as they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import sqlalchemy as sa

from project.server.containers.states import GOODBYE
from project.server.ingestion.assign import Attributes
from project.server.ingestion.replay import Batch, Entry, Span, overlap
from project.server.ingestion.values import Point
from project.server.store.tables import entries
from project.server.store.values import Row

TYPE = "stringSeries"


@dataclass
class Lines:
    """The string series of one container, written to by one batch.

    Attributes:
        goodbye: whether a new entry of its captured output says that the client stops.
    """

    type = TYPE
    attributes: Attributes
    former: list[Batch]
    spans: dict[str, Span] = field(default_factory=dict)
    goodbye: bool = False
    _pending: dict[str, list[Point]] = field(default_factory=dict)

    def log(self, path: str, given: list[Point]) -> None:
        """Add entries, of which those without a step get the next one.

        Raises:
            TypeConflict: the attribute is there with another type.
        """
        self.attributes.have(path, self.type)
        self._pending.setdefault(path, []).extend(given)

    def clear(self, row: Row) -> None:
        """Remove all entries of a series."""
        self._pending.pop(row.path, None)
        self.spans.pop(row.path, None)
        self.attributes.connection.execute(entries.delete().where(self._here(row.path)))
        row.text = row.number = row.step = row.length = None

    def flush(self) -> None:
        """Write the entries."""
        rows = []
        for path, given in self._pending.items():
            row = self.attributes.have(path, self.type)
            start = row.length or 0
            for number, (step, timestamp, value) in enumerate(self._new(row, given), start):
                rows.append((self.attributes.container.id, path, number, step, timestamp, value))
                self.goodbye |= path.endswith("/stdout") and GOODBYE in value
        self._pending = {}
        if rows:
            names = [column.name for column in entries.columns]
            self.attributes.connection.execute(
                entries.insert(), [dict(zip(names, row, strict=True)) for row in rows]
            )

    def _new(self, row: Row, given: list[Point]) -> list[Point]:
        """The entries that are not there yet, each with its step, after noting them in the row."""
        if given and all(point.step is None for point in given):
            known = self._replayed(row, given)
            given = given[known:]
        else:
            given = self._unknown(row, given)
        found, following = [], 0 if row.step is None else row.step + 1
        for step, timestamp, value in given:
            step = following if step is None else step
            following = max(following, step + 1)
            found.append(Point(step, timestamp, value))
        self._note(row, found)
        return found

    def _note(self, row: Row, found: list[Point]) -> None:
        """Note the length, the last entry, and (in `number`) whether any came out of order."""
        if not found:
            return
        steps = [found[0].step if row.step is None else row.step, *(p.step for p in found)]
        if any(b < a for a, b in pairwise(steps)):
            row.number = 1
        last = max(found, key=lambda point: point.step)
        last = [point for point in found if point.step == last.step][-1]
        if row.step is None or last.step >= row.step:
            row.step, row.text = last.step, last.value
        row.length = (row.length or 0) + len(found)

    def _replayed(self, row: Row, given: list[Point]) -> int:
        """How many of the entries without a step are there already."""

        def read(number: float, limit: int) -> list[Entry]:
            query = sa.select(entries.c.timestamp, entries.c.value).where(
                self._here(row.path), entries.c.number >= int(number)
            )
            query = query.order_by(entries.c.number).limit(limit)
            return [tuple(found) for found in self.attributes.connection.execute(query)]

        pairs = [(point.timestamp, point.value) for point in given]
        first, known = overlap(self.former, row.path, pairs, row.length or 0, read)
        self.spans[row.path] = Span(first, first + len(given), given[0].timestamp)
        return known

    def _unknown(self, row: Row, given: list[Point]) -> list[Point]:
        """The entries without those whose step, time and text are there, as often as they are."""
        steps = [point.step for point in given if point.step is not None]
        if not steps or row.step is None or min(steps) > row.step:
            return given
        columns = (entries.c.step, entries.c.timestamp, entries.c.value)
        query = sa.select(*columns).where(self._here(row.path), entries.c.step >= min(steps))
        there = Counter(tuple(found) for found in self.attributes.connection.execute(query))
        found = []
        for point in given:
            if there[point] > 0:
                there[point] -= 1
            else:
                found.append(point)
        return found

    def _here(self, path: str) -> sa.ColumnElement[bool]:
        return (entries.c.container_id == self.attributes.container.id) & (entries.c.path == path)
