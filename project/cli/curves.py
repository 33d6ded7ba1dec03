"""`--schedules`: courses of settings over a training, as lines of NAME=CURVE.

A CURVE is TIME:VALUE,TIME:VALUE:KIND,... or the name of a known one. TIME is a share of all steps,
from 0 to 1; VALUE is the setting's own, or with an x behind it so many times its flag's; KIND says
how the value is reached from the one before.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project.cli.numbers import inside, number
from project.words.telling import did_you_mean, quoted

FLAG = "--schedules"
# What may have a course, and the names of known ones, which are what `--schedule` does.
KNOWN: dict[str, tuple[str, ...]] = {
    "learning_rate": ("constant", "cosine", "one-cycle"),
    "momentum": ("one-cycle",),
    "weight_decay": (),
    "dropout": (),
    "label_smoothing": (),
}
KINDS = ("linear", "cosine", "exponential", "step")
FORM = "[TIME, VALUE] or [TIME, VALUE, KIND]"


class Point(NamedTuple):
    """Where a curve passes.

    Attributes:
        time: a share of all steps.
        value: there; a factor of the flag's where `relative`.
        relative: whether it is one.
        kind: how it is reached from the point before.
    """

    time: float
    value: float
    relative: bool
    kind: str


class Curve(NamedTuple):
    """The course of a setting.

    Attributes:
        name: of its field.
        known: the name of a known course; "" where there are points.
        points: in time's order.
    """

    name: str
    known: str
    points: tuple[Point, ...]

    def values(self, own: float) -> list[tuple[float, float, str]]:
        """Time, value and kind of each point, where the flag says `own`."""
        return [(p.time, p.value * own if p.relative else p.value, p.kind) for p in self.points]

    def course(self, own: float) -> Callable[[float], float]:
        """The value at each time; before the first point that one's, after the last likewise."""
        points = self.values(own)
        times = [time for time, *_ in points]

        def at(time: float) -> float:
            after = bisect_right(times, time)
            if after in (0, len(points)):
                return points[max(0, after - 1)][1]
            (begin, start, _), (end, goal, kind) = points[after - 1], points[after]
            return _between(kind, start, goal, (time - begin) / (end - begin))

        return at


def _between(kind: str, start: float, goal: float, share: float) -> float:
    if kind == "step":
        return start
    if kind == "exponential":
        return start * (goal / start) ** share
    if kind == "cosine":
        return goal + (start - goal) / 2 * (math.cos(math.pi * share) + 1)
    return start + (goal - start) * share


def curves(values: Sequence[str]) -> dict[str, Curve]:
    """The curves by the name of their field; of values that have no faults."""
    named = (value.partition("=") for value in values)
    return {name: _curve(name, text) for name, _, text in named}


def _curve(name: str, text: str) -> Curve:
    if text in KNOWN[name]:
        return Curve(name, text, ())
    return Curve(name, "", tuple(map(_point, text.split(","))))


def _point(text: str) -> Point:
    time, value, kind = (*text.split(":"), "linear")[:3]
    return Point(float(time), float(value.removesuffix("x")), value.endswith("x"), kind)


def canonical(values: Sequence[str]) -> tuple[str, ...]:
    """The values in one spelling, as far as they can be read."""
    found = []
    for value in values:
        name, equals, text = value.partition("=")
        points = text if text in KNOWN.get(name, ()) else ",".join(map(_spelled, text.split(",")))
        found.append(f"{name.strip().replace('-', '_')}{equals}{points}")
    return tuple(found)


def _spelled(point: str) -> str:
    parts = [part.strip() for part in point.split(":")]
    numbers = [part.removesuffix("x") for part in parts[:2]]
    ends = ["x" if part.endswith("x") else "" for part in parts[:2]]
    read = [_text(found) if (found := number(n)) is not None else n for n in numbers]
    kind = [part for part in parts[2:] if part != "linear" or len(parts) > 3]
    return ":".join([*(a + b for a, b in zip(read, ends, strict=True)), *kind])


def _text(value: float) -> str:
    return repr(value).removesuffix(".0")


def problems(flag: str, values: Sequence[str]) -> Iterator[str]:
    """What is wrong with lines of NAME=CURVE, but for bounds; a line each."""
    names = [value.partition("=")[0] for value in values]
    for name, value in zip(names, values, strict=True):
        _, equals, text = value.partition("=")
        if not equals:
            yield f"{flag} {quoted(value)}: write NAME=TIME:VALUE,TIME:VALUE or NAME=COURSE"
            continue
        points = [] if text in KNOWN.get(name, ()) else text.split(",")
        yield from (f"{flag} {line}" for _, line in faults(name, points))
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        yield f"{flag}: {twice} has two curves; leave one"


def faults(
    name: str, points: Sequence[str], bounds: Mapping[str, str] | None = None
) -> Iterator[tuple[int | None, str]]:
    """What is wrong with a curve: the number of the point, None for all of it, and the line.

    Args:
        name: of the field.
        points: as TIME:VALUE:KIND; a single word is a course's name that is not known.
        bounds: of the fields; values that depend on a flag are not looked at.
    """
    if name not in KNOWN:
        near = did_you_mean(name, KNOWN)
        yield None, f"{quoted(name)} has no course{near} (choices: {', '.join(KNOWN)})"
        return
    if len(points) == 1 and ":" not in points[0]:
        near = did_you_mean(points[0], KNOWN[name])
        courses = f" (courses: {', '.join(KNOWN[name])})" if KNOWN[name] else ""
        yield None, f"{name}: {quoted(points[0])} is neither points nor a course{near}{courses}"
        return
    before = None
    for i, text in enumerate(points):
        if why := _point_fault(text):
            yield i, f"{name}: {quoted(text)} {why}"
            continue
        point = _point(text)
        if before is not None and point.time <= before.time:
            yield i, f"{name}: time {point.time:g} comes after {before.time:g}: times must rise"
        if point.kind == "exponential" and (before is None or min(before.value, point.value) <= 0):
            yield i, f"{name}: exponential needs a point before, and values above 0"
        if bounds and not point.relative and not inside(point.value, bounds[name]):
            yield i, f"{name} must be in {bounds[name]}, not {point.value:g} (time {point.time:g})"
        before = point


def _point_fault(text: str) -> str | None:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        return f"is no {FORM}"
    time, value = number(parts[0]), number(parts[1].removesuffix("x"))
    if time is None or not 0 <= time <= 1:
        return "has no time from 0 to 1, a share of all steps"
    if value is None or not math.isfinite(value):
        return "has no number for a value"
    if len(parts) == 3 and parts[2] not in KINDS:
        return f"has no such kind{did_you_mean(parts[2], KINDS)} (choices: {', '.join(KINDS)})"
    return None


def unread(values: Sequence[str], given: Iterable[str]) -> Iterator[str]:
    """A line for each given field whose curve depends on no flag.

    Args:
        values: of `--schedules`.
        given: names of fields that a person gave beside it.
    """
    found = curves(values)
    for name in given:
        if name in found and not found[name].known:
            if not any(point.relative for point in found[name].points):
                flag = "--" + name.replace("_", "-")
                why = "write values as 1x, so many times it"
                yield f"{flag} does nothing beside {FLAG} {name}: {why}"


def out_of_bounds(h: Any, bounds: Mapping[str, str]) -> Iterator[str]:
    """A line for each value of a curve, with the flags as they are, that is beyond its field's."""
    for curve in curves(h.schedules).values():
        limits, before = bounds[curve.name], 1.0
        for time, value, kind in curve.values(getattr(h, curve.name)):
            if not inside(value, limits):
                yield f"{FLAG} {curve.name} must be in {limits}, not {value:g} (time {time:g})"
            elif kind == "exponential" and min(before, value) <= 0:
                yield f"{FLAG} {curve.name}: exponential needs values above 0 (time {time:g})"
            before = value
