"""What conditions and exclusions say of dimensions: their order, and that something is left."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence

from project.cli.flags import parse as parse_flags
from project.comparison.where import parse
from project.search.ranges.dimension import CHOICE, Dimension
from project.search.ranges.space import Space
from project.search.values import Plain

# So many combinations are looked at before it is said that there are none.
_DRAWN = 20_000
# So many are tried as command lines.
_TRIED = 24


def ordered(
    dimensions: Sequence[Dimension], excludes: Iterable[tuple[str, str]]
) -> tuple[list[Dimension], list[str]]:
    """The dimensions, each after those that its condition speaks of, and what is wrong.

    Args:
        dimensions: in the order of the file.
        excludes: conditions, each with its place.
    """
    names = [each.name for each in dimensions]
    problems = [line for text, place in excludes for line in _wrong(text, names, place)]
    needs: dict[str, set[str]] = {}
    for each in dimensions:
        others = [name for name in names if name != each.name]
        text = each.when or ""
        problems += _wrong(text, others, f"{each.name}: when") if text else []
        needs[each.name] = {name for name in others if name in _mentioned(text, others)}
    if problems:
        return list(dimensions), problems
    left, found = list(dimensions), []
    while left:
        done = {each.name for each in found}
        ready = [each for each in left if needs[each.name] <= done]
        if not ready:
            circle = ", ".join(each.name for each in left)
            return list(dimensions), [f"conditions in a circle: each of {circle} waits for others"]
        found.append(ready[0])
        left.remove(ready[0])
    return found, []


def _wrong(text: str, names: Sequence[str], place: str) -> list[str]:
    """What is wrong with a condition as it is written."""
    try:
        parse(text, names)
    except ValueError as error:
        return [_said(place, error)]
    return []


def _said(place: str, error: ValueError) -> str:
    return f"{place}: {str(error).removeprefix('--where ')}"


def _mentioned(text: str, names: Sequence[str]) -> set[str]:
    return {*re.split(r"[\s()<>=!\"',]+", text)} & {*names}


def trial_of(flags: Sequence[str], space: Space) -> list[str]:
    """What is wrong with a space as a whole: conditions that don't fit, nothing left, no run.

    A value with which no combination that was tried makes a command line is told; one that only
    some combinations forbid is not: such trials end with their reason.
    """
    chosen = random.Random(0)
    tried = []
    try:
        for _ in range(_DRAWN):
            if len(tried) == _TRIED:
                break
            values = space.completed(lambda each: _drawn(each, chosen))
            tried += [values] if space.allows(values) else []
    except ValueError as error:
        return [_said("the space", error)]
    if not tried:
        return [f"every combination is excluded: none of {_DRAWN} that were drawn is left"]
    return _without_run(flags, space, tried)


def _drawn(dimension: Dimension, chosen: random.Random) -> Plain:
    """At random, the ends of ranges more often: mistakes are there."""
    ends = {0: 0.0, 1: 1.0} if dimension.kind != CHOICE else {}
    return dimension.at(ends.get(chosen.randrange(6), chosen.random()))


def _without_run(
    flags: Sequence[str], space: Space, tried: Sequence[Mapping[str, Plain]]
) -> list[str]:
    """Choices, or flags, of which no combination makes a command line, and why."""
    why = {text: values for values in tried if (text := _refused(flags, space, values))}
    found: dict[str, str] = {}
    for text, values in why.items():
        for each in space.dimensions:
            is_choice, value = each.kind == CHOICE, values.get(each.name)
            where = f"{each.name} {value}" if is_choice else each.name
            # What is told of one choice may be told of it with each other flag again.
            if where in found:
                break
            if each.name in values and _never(flags, space, each, value):
                found[where] = text
                break
    if len(why) == len(tried) and not found:
        return next(iter(why)).splitlines()
    return [f"{where}: {line}" for where, text in found.items() for line in text.splitlines()]


def _never(flags: Sequence[str], space: Space, dimension: Dimension, value: Plain) -> bool:
    """Whether none of some combinations with a choice, or with any value of a range, is good."""
    chosen = random.Random(1)
    is_choice = dimension.kind == CHOICE
    for _ in range(_TRIED):
        values = space.completed(
            lambda each: value if is_choice and each is dimension else _drawn(each, chosen)
        )
        if dimension.name in values and not _refused(flags, space, values):
            return False
    return True


def _refused(flags: Sequence[str], space: Space, values: Mapping[str, Plain]) -> str:
    """Why a combination is no command line; empty where it is one."""
    try:
        parse_flags([*flags, *space.argv(values)])
    except ValueError as error:
        return str(error)
    return ""
