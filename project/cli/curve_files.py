"""Curves in config files: `schedules: {learning_rate: [[0, 0.1], [1, 0.01, cosine]]}`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from project.cli.curves import FORM, KNOWN, faults


def read_curves(
    events: Iterator[Any],
    refuse: Callable[[Any, str], Any],
    position: Callable[[Any], str],
    bounds: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    """The curves of a config file's mapping, up to its end, and a line for each mistake.

    Args:
        events: of YAML, that follow the mapping's beginning.
        refuse: raises ValueError for an event, and why.
        position: `file:line:column` of an event.
        bounds: of the fields.
    """
    values: list[str] = []
    told: list[str] = []
    while _kind(key := next(events)) != "MappingEnd":
        if _kind(key) != "Scalar":
            refuse(key, "schedules: the name of a setting belongs here, such as learning_rate")
        name, event = key.value.replace("-", "_"), next(events)
        points = _points(event, events, refuse)
        texts = [text for _, text in points]
        if texts == [texts[0]] and texts[0] in KNOWN.get(name, ()):
            found = []
        else:
            found = [*faults(name, texts, bounds)]
        at = {None: key, **{i: where for i, (where, _) in enumerate(points)}}
        told += [f"{position(at[i])}: schedules: {line}" for i, line in found]
        if name in [value.partition("=")[0] for value in values]:
            told.append(f"{position(key)}: schedules: {name} has two curves; leave one")
        values.append(f"{name}={','.join(texts)}")
    return values, told


def _points(
    start: Any, events: Iterator[Any], refuse: Callable[[Any, str], Any]
) -> list[tuple[Any, str]]:
    """The points of a curve as TIME:VALUE:KIND, each with its event."""
    if _kind(start) == "Scalar":
        return [(start, text) for text in start.value.replace(" ", "").split(",")]
    if _kind(start) != "SequenceStart":
        refuse(start, f"schedules: a curve is a course's name, or a list of {FORM}")
    found = []
    while _kind(event := next(events)) != "SequenceEnd":
        if _kind(event) != "SequenceStart":
            refuse(event, f"schedules: a point is {FORM}")
        parts = []
        while _kind(part := next(events)) != "SequenceEnd":
            if _kind(part) != "Scalar":
                refuse(part, f"schedules: a point is {FORM}")
            parts.append(part.value)
        found.append((event, ":".join(parts)))
    if not found:
        refuse(start, f"schedules: a curve needs points, {FORM}")
    return found


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")
