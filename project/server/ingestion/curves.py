"""Float series: the points of one batch, numbered, and written with all other series at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import floor
from typing import Any

import orjson
import sqlalchemy as sa

from project.server.ingestion.assign import Attributes
from project.server.ingestion.replay import Batch, Span, overlap
from project.server.ingestion.values import INT64, Point
from project.server.mlflow import points
from project.server.mlflow.points import METRICS, Stored
from project.server.store.tables import fractions
from project.server.store.values import Row

TYPE = "floatSeries"


@dataclass
class State:
    """What the column `text` of a float series holds, as JSON.

    Attributes:
        timestamp: of the last point, which is the one of the greatest step and time.
        first: the step of the first point, as long as each point has the next whole step: then a
            position in the curve is known without counting.
        fractional: whether the curve stands in `fractions`.
        negative: whether the last point is a negative zero.
        options: how it is drawn.
    """

    timestamp: int | None = None
    first: int | None = None
    fractional: bool = False
    negative: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row) -> State:
        """The state in an attribute's row."""
        return cls(**orjson.loads(row.text)) if row.text else cls()

    @property
    def table(self) -> sa.Table:
        """Where the curve stands whole."""
        return fractions if self.fractional else METRICS

    def save(self, row: Row) -> None:
        """Write the state into the row."""
        row.text = orjson.dumps(asdict(self)).decode()


@dataclass
class Curves:
    """The float series of one container, written to by one batch."""

    attributes: Attributes
    former: list[Batch]
    spans: dict[str, Span] = field(default_factory=dict)
    _pending: dict[str, list[Point]] = field(default_factory=dict)

    def log(self, path: str, entries: list[Point]) -> None:
        """Add points, of which those without a step get the next one.

        Raises:
            TypeConflict: the attribute is there with another type.
        """
        self.attributes.have(path, TYPE)
        self._pending.setdefault(path, []).extend(entries)

    def configure(self, path: str, options: dict[str, Any]) -> None:
        """Set how a curve is drawn; it is there afterwards, empty if it was not.

        Raises:
            TypeConflict: the attribute is there with another type.
        """
        row = self.attributes.have(path, TYPE)
        state = State.of(row)
        state.options = options
        state.save(row)

    def clear(self, row: Row) -> None:
        """Remove all points of a curve."""
        self._pending.pop(row.path, None)
        self.spans.pop(row.path, None)
        points.clear(self.attributes.connection, self.attributes.container.run_uuid, row.key)
        options = State.of(row).options
        row.number = row.step = row.length = None
        State(options=options).save(row)

    def flush(self) -> None:
        """Write the points."""
        connection, run_uuid = self.attributes.connection, self.attributes.container.run_uuid
        found = [self._addition(path, entries) for path, entries in self._pending.items()]
        self._pending = {}
        found = [addition for addition in found if addition.stored]
        whole = [point for addition in found for point in addition.floored()]
        exact = [point for addition in found for point in addition.exact()]
        new = points.insert(connection, run_uuid, METRICS, whole)
        new += points.insert(connection, run_uuid, fractions, exact)
        every = [point for addition in found for point in addition.stored]
        points.mark_negative_zeros(connection, run_uuid, every)
        for addition in found:
            row, table = addition.row, addition.state.table
            length = (row.length or 0) + len(addition.stored)
            if new < len(whole) + len(exact):  # some were there, but of which curve?
                length = points.count(connection, run_uuid, table, row.key)
            addition.note(length)
        latest = [max(addition.floored(), key=lambda point: point[1:]) for addition in found]
        points.show_latest(connection, run_uuid, latest)

    def _addition(self, path: str, entries: list[Point]) -> Addition:
        """The points that are not there yet, each with its step."""
        row = self.attributes.have(path, TYPE)
        state = State.of(row)
        following = 0 if row.step is None else _whole(row.step + 1)
        if entries and all(entry.step is None for entry in entries):
            following, known = self._replayed(row, state, entries, following)
            entries = entries[known:]
            following += known
        stored = []
        for step, timestamp, value in entries:
            step = following if step is None else step
            following = max(following, _whole(step + 1))
            stored.append((row.key, step, timestamp, value))
        if not state.fractional and any(type(point[1]) is float for point in stored):
            connection, run_uuid = self.attributes.connection, self.attributes.container.run_uuid
            points.copy_whole(connection, run_uuid, row.key)
            state.fractional, state.first = True, None
        return Addition(row, state, stored)

    def _replayed(
        self, row: Row, state: State, entries: list[Point], following: float
    ) -> tuple[float, int]:
        """The step of the first of these entries without one, and how many are there already."""
        connection, run_uuid = self.attributes.connection, self.attributes.container.run_uuid

        def read(step: float, limit: int) -> list[tuple[int, float]]:
            found = points.page(connection, run_uuid, state.table, row.key, step, 0, limit)
            return [(point.timestamp, point.value) for point in found]

        given = [(entry.timestamp, entry.value) for entry in entries]
        first, known = overlap(self.former, row.path, given, following, read)
        self.spans[row.path] = Span(first, first + len(entries), entries[0].timestamp)
        return first, known


@dataclass
class Addition:
    """Points for one curve, each with its step."""

    row: Row
    state: State
    stored: list[Stored]

    def floored(self) -> list[Stored]:
        """The points as MLflow can hold them: its steps are integers of 64 bits."""
        if not self.state.fractional:
            return self.stored
        low, high = INT64[0], INT64[-1]
        return [(k, min(max(floor(s), low), high), t, v) for k, s, t, v in self.stored]

    def exact(self) -> list[Stored]:
        """The points of a curve that MLflow can't hold."""
        return [(k, float(s), t, v) for k, s, t, v in self.stored] if self.state.fractional else []

    def note(self, length: int) -> None:
        """Note the last point, and the new length of the curve, in its row."""
        row, state = self.row, self.state
        # Of several at the last step and time, the one that came last.
        _, step, timestamp, value = max(reversed(self.stored), key=lambda point: point[1:3])
        regular = self._continues()
        # Of steps beyond 53 bits, which the row can't tell apart, the latest.
        if row.step is None or (float(step), timestamp) >= (row.step, state.timestamp):
            row.number, row.step, state.timestamp = value, step, timestamp
            state.negative = points.is_negative_zero(value)
        # One more than there are steps, and two points share one.
        if not regular or row.step - state.first + 1 != length:
            state.first = None
        row.length = length
        state.save(row)

    def _continues(self) -> bool:
        """Whether the steps are one after the other, beginning within the curve or at its end."""
        steps = [point[1] for point in self.stored]
        if self.row.step is None and not self.state.fractional:
            self.state.first = steps[0]
        first = self.state.first
        if first is None or not first <= steps[0] <= (self.row.step or first) + 1:
            return False
        return all(b == a + 1 for a, b in pairwise(steps))


def _whole(step: float) -> float:
    """A step as a database gives it, as an int where it is one."""
    return int(step) if isinstance(step, float) and step.is_integer() else step
