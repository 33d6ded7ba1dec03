"""A curve as it is drawn: all points of a range, or the least and greatest of each of its buckets.

The store itself looks for them, so that a million points cost neither memory nor Python's lock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa

from project.comparison.reducing import extremes
from project.server.compare.axes import Axis
from project.server.compare.metrics import HUGE, number
from project.server.compare.visible import Run
from project.server.mlflow.points import METRICS
from project.server.store.tables import fractions

# Of the points that are not finite, so many are shown one by one.
ODD = 200
# Of fewer points than this for each bucket, all are read: a question for each bucket takes longer.
MODERATE = 40
LARGEST = 2**63 - 1  # of the integers that the store holds
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Part:
    """The points of one curve within a range of x: columns, and conditions on them."""

    table: sa.Table
    x: sa.Column
    here: sa.ColumnElement[bool]
    finite: sa.ColumnElement[bool]
    is_nan: sa.ColumnElement[bool]

    def select(self, *columns: Any) -> sa.Select:
        """These columns of the points."""
        return sa.select(*columns).where(self.here)


@dataclass
class Buckets:
    """What is drawn instead of all points.

    Attributes:
        points: of each bucket, the least and the greatest.
        means: the x and y of each bucket's mean.
        count: how many finite points there are.
    """

    points: Points
    means: Points
    count: int


def read(
    connection: sa.Connection,
    run: Run,
    key: str,
    axis: Axis,
    low: float | None,
    high: float | None,
    buckets: int,
) -> dict[str, Any]:
    """The curve `key` of a run, where `low` <= x <= `high`, and one point beyond at each side.

    Returns:
        `x` and `y`, at most 2 `buckets` + 2 points, in the order of x; `mean`, if there are more
        points than that: the x and y of each bucket's mean; `odd`: the x and kind of points that
        are not finite; `points`: the number of all in the range.
    """
    curve = _curve(connection, run, key, axis)
    part = _within(connection, curve, axis, low, high)
    step = part.table.c.step
    steps = (sa.func.min(step), sa.func.max(step))
    count, first, last = connection.execute(part.select(sa.func.count(), *steps)).one()
    if count <= 2 * buckets:
        points = _all(connection, part)
        found = Buckets(points, [], len(points))
    elif first == last or count <= MODERATE * buckets:  # nobody gave steps; or reading is quicker
        found = reduced(_all(connection, part), buckets)
    else:
        found = _by_step(connection, curve, _edges(part, first, last, buckets))
        found.points = sorted({*found.points, *_ends(connection, part)})
    odd = _odd(connection, part) if found.count < count else []
    shown = {"points": count, "mean": _columns(axis, found.means) if found.means else None}
    shown["odd"] = list(zip(axis.shown(_xs(odd)).tolist(), [kind for _, kind in odd], strict=True))
    return shown | _columns(axis, sorted(found.points, key=lambda point: point[0]))


def reduced(points: Points, buckets: int) -> Buckets:
    """Points in the order of x, by buckets of about as many points each."""
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    kept, starts = extremes(y, buckets)
    means = [
        (float(x[start:end].mean()), float(y[start:end].mean()))
        for start, end in pairwise([*starts, len(x)])
    ]
    return Buckets([points[i] for i in kept], means, len(x))


def _curve(connection: sa.Connection, run: Run, key: str, axis: Axis) -> Part:
    own = (fractions.c.run_uuid == run.id) & (fractions.c.key == key)
    # A curve with fractional steps stands there whole.
    whole = connection.execute(sa.select(sa.literal(1)).where(own).limit(1)).first() is None
    table = METRICS if whole else fractions
    is_nan = table.c.is_nan if whole else sa.false()
    finite = sa.not_(is_nan) & (table.c.value < HUGE) & (table.c.value > -HUGE)
    x = table.c.timestamp if axis.kind == "time" else table.c.step
    here = (table.c.run_uuid == run.id) & (table.c.key == key)
    return Part(table, x, here, finite, is_nan)


def _within(
    connection: sa.Connection, curve: Part, axis: Axis, low: float | None, high: float | None
) -> Part:
    here, step = curve.here, curve.table.c.step
    if low is not None:
        here &= step >= _beside(connection, curve, axis.stored(low), before=True)
    if high is not None:
        here &= step <= _beside(connection, curve, axis.stored(high), before=False)
    return replace(curve, here=here)


def _beside(connection: sa.Connection, part: Part, bound: float, before: bool) -> float:
    """The step of the last point before x is `bound`, or of the first after it.

    The index is on steps; times rise with them, but for points that were logged late.
    """
    step = part.table.c.step
    if not isinstance(part.x.type, sa.Double):
        # PostgreSQL's index is of no use for another type.
        bound = max(-LARGEST, min(LARGEST, math.ceil(bound) if before else math.floor(bound)))
    outside = part.x < bound if before else part.x > bound
    query = part.select(step).where(outside).order_by(step.desc() if before else step).limit(1)
    found = connection.execute(query).scalar()
    if found is not None:
        return found
    return -LARGEST if before else LARGEST


def _all(connection: sa.Connection, part: Part) -> Points:
    columns = part.table.c
    query = part.select(part.x, columns.value).where(part.finite)
    rows = connection.execute(query.order_by(part.x, columns.timestamp))
    return [(float(x), value) for x, value in rows]


def _edges(part: Part, first: float, last: float, buckets: int) -> list[Any]:
    """Steps at which buckets begin, and the end of the last one."""
    if part.table is METRICS:
        edges = [first + (last - first) * i // buckets for i in range(buckets)]
        return [*dict.fromkeys(edges), last + 1]
    return [
        *np.linspace(first, last, buckets, endpoint=False).tolist(),
        math.nextafter(last, math.inf),
    ]


def _by_step(connection: sa.Connection, curve: Part, edges: list[Any]) -> Buckets:
    """One bucket after the other, which an index on the steps has beside each other.

    Under a further condition on the step, SQLite might look up that one in the index.
    """
    x, value, step = curve.x, curve.table.c.value, curve.table.c.step
    within = (step >= sa.bindparam("start")) & (step < sa.bindparam("end"))
    inside = curve.finite & within
    extremes = (sa.func.min(value), sa.func.max(value))
    # Of integers PostgreSQL would take the mean digit by digit.
    means = (sa.func.avg(sa.cast(x, sa.Double)), sa.func.avg(value), sa.func.count())
    summary = curve.select(*extremes, *means).where(inside)
    either = value.in_([sa.bindparam("least"), sa.bindparam("greatest")])
    where = curve.select(sa.func.min(x), value).where(inside, either).group_by(value)
    found = Buckets([], [], 0)
    for start, end in pairwise(edges):
        bounds = {"start": start, "end": end}
        least, greatest, mean_x, mean, count = connection.execute(summary, bounds).one()
        if count:
            bounds |= {"least": least, "greatest": greatest}
            found.points += map(tuple, connection.execute(where, bounds))
            found.means.append((float(mean_x), mean))
            found.count += count
    return found


def _ends(connection: sa.Connection, part: Part) -> Points:
    """The first and the last point.

    The step comes first, by itself: for an order by step and time PostgreSQL might sort all points.
    """
    step, time = part.table.c.step, part.table.c.timestamp
    found = []
    for by_step, by_time in ((step, time), (step.desc(), time.desc())):
        outermost = part.select(step).where(part.finite).order_by(by_step).limit(1)
        there = part.finite & (step == outermost.scalar_subquery())
        query = part.select(part.x, part.table.c.value).where(there).order_by(by_time).limit(1)
        found += map(tuple, connection.execute(query))
    return found


def _odd(connection: sa.Connection, part: Part) -> list[tuple[float, float | str]]:
    """x and kind of the first points that are not finite."""
    query = part.select(part.x, part.table.c.value, part.is_nan).where(sa.not_(part.finite))
    rows = connection.execute(query.order_by(part.x).limit(ODD))
    return [(x, number(value, bool(is_nan))) for x, value, is_nan in rows]


def _columns(axis: Axis, points: Points) -> dict[str, list[float]]:
    return {"x": axis.shown(_xs(points)).tolist(), "y": [float(point[1]) for point in points]}


def _xs(points: list[Any]) -> np.ndarray:
    return np.array([point[0] for point in points], dtype=float)
