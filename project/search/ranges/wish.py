"""What a person asks of one flag, before it is known which flag that is, and as a dimension."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from project.cli.fields import Field, convert, is_tuple, kind_of, spelled, value_problems
from project.cli.numbers import inside, number
from project.search.ranges.dimension import CHOICE, FARTHEST, FLOAT, INT, Dimension
from project.words.telling import quoted

RANGE = "[LOW, HIGH], with log in front on a logarithmic scale, or a list of choices"
_INTERVAL = re.compile(r"(log )? *\[([^,\]]+),([^,\]]+)\]")


@dataclass(frozen=True)
class Wish:
    """A range as it stands in a file or on a field; the attributes are those of a dimension.

    Attributes:
        name: of the flag, in any spelling.
        place: where it stands, for messages.
        choices: None for a number's range.
    """

    name: str
    place: str
    choices: tuple[Any, ...] | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    when: str | None = None
    mean: float | None = None
    spread: float | None = None


def read(name: str, place: str, said: Any) -> Wish:
    """What a text such as `log [1e-4, 1e-1]`, or a list or tuple of choices, asks for.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(said, (list, tuple)):
        return Wish(name, place, choices=tuple(said))
    match = _INTERVAL.fullmatch(said.strip()) if isinstance(said, str) else None
    ends = [number(match[i].strip()) for i in (2, 3)] if match else [None]
    if None in ends:
        raise ValueError(f"{quoted(said)} is no range: write {RANGE}")
    return Wish(name, place, low=ends[0], high=ends[1], log=bool(match[1]))


def own_wish(f: Field, place: str) -> Wish:
    """The range that stands on a field.

    Raises:
        ValueError: it is none; the line names the flag.
    """
    try:
        return read(f.name, place, f.metadata["sweep"])
    except ValueError as error:
        raise ValueError(f"the range that stands on {spelled(f.name)}: {error}") from None


def dimension_of(wish: Wish, f: Field) -> tuple[Dimension | None, list[str]]:
    """What a wish comes to for a flag, and what is wrong with it, a line each without the place."""
    try:
        made = _choice(wish, f) if wish.choices is not None else _number(wish, f)
        problems = list(dict.fromkeys(_unfit(made, f)))
    except ValueError as error:
        return None, str(error).splitlines()
    return (None, problems) if problems else (made, [])


def _choice(wish: Wish, f: Field) -> Dimension:
    if not wish.choices:
        raise ValueError("has no choices")
    plain = kind_of(f) in (int, float, bool)
    values = [convert(f, _words(each) if is_tuple(f) else each) for each in wish.choices]
    # A text stays as it is typed: of a recipe's file, the value is what stands in it.
    texts = [_typed(each, value) for each, value in zip(wish.choices, values, strict=True)]
    found = tuple(values) if plain else tuple(texts)
    if len(found) != len({(type(each), each) for each in found}):
        raise ValueError(f"a choice stands there twice: {', '.join(map(str, found))}")
    if wish.step is not None or wish.log:
        raise ValueError("choices have no step and no scale: they are the values themselves")
    return Dimension(spelled(f.name), CHOICE, found, when=wish.when, words=is_tuple(f))


def _words(each: Any) -> list[Any]:
    return each.split() if isinstance(each, str) else each if isinstance(each, list) else [each]


def _typed(each: Any, value: Any) -> Any:
    if value is None:
        return None
    return " ".join(map(str, each)) if isinstance(each, list) else str(each)


def _number(wish: Wish, f: Field) -> Dimension:
    if (kind := kind_of(f)) not in (int, float):
        raise ValueError("is no number: give a list of choices")
    if wish.spread is not None:
        wish = _with_ends(wish, f)
    for what in (wish.low, wish.high, wish.step):
        if what is not None and not math.isfinite(what):
            raise ValueError(f"{what} is no end of a range, which must be finite")
    if wish.low > wish.high:
        raise ValueError(f"its range ends at {wish.high:g}, below its beginning {wish.low:g}")
    if wish.log and wish.low <= 0:
        raise ValueError(f"a logarithmic scale begins above 0, not at {wish.low:g}")
    if wish.step is not None and wish.step <= 0:
        raise ValueError(f"a step is above 0, not {wish.step:g}")
    if wish.step is not None and wish.step > wish.high - wish.low:
        raise ValueError(f"a step of {wish.step:g} leaves the range at once")
    if kind is int:
        wish = _whole(wish)
    low, high = kind(wish.low), kind(wish.high)
    step = None if wish.step is None else kind(wish.step)
    shape = (wish.log, step, wish.when, wish.mean, wish.spread)
    made = Dimension(spelled(f.name), INT if kind is int else FLOAT, (), low, high, *shape)
    # The last step is the end: Optuna would warn of another.
    is_stepped = step is not None and made.is_plain
    return replace(made, high=made.at(1.0)) if is_stepped else made


def _whole(wish: Wish) -> Wish:
    for what in (wish.low, wish.high, wish.step):
        if what is not None and not float(what).is_integer():
            raise ValueError(f"takes whole numbers, not {what:g}")
    return replace(wish, step=None) if wish.step == 1 else wish


def _with_ends(wish: Wish, f: Field) -> Wish:
    """A normal distribution's range: as far as anything is drawn, and as the flag allows it."""
    if not wish.spread > 0:
        raise ValueError(f"a normal distribution's spread is above 0, not {wish.spread:g}")
    ends = [wish.mean + sign * FARTHEST * wish.spread for sign in (-1, 1)]
    ends = [math.exp(min(end, 700.0)) for end in ends] if wish.log else ends
    if bounds := f.metadata.get("bounds"):
        least, most = (float(end) for end in bounds[1:-1].split(","))
        # An end that is left out is come near to.
        least = least if inside(least, bounds) or math.isinf(least) else _beside(least, wish)
        most = most if inside(most, bounds) or math.isinf(most) else most - _nearest(wish)
        ends = [max(ends[0], least), min(ends[1], most)]
    if kind_of(f) is int:
        ends = [math.ceil(ends[0]), math.floor(ends[1])]
    return replace(wish, low=ends[0], high=ends[1])


def _nearest(wish: Wish) -> float:
    return wish.step or wish.spread / 1e6


def _beside(least: float, wish: Wish) -> float:
    return least + (_nearest(wish) if not wish.log else math.exp(wish.mean) / 1e6)


def _unfit(made: Dimension, f: Field) -> Iterator[str]:
    values = made.choices if made.kind == CHOICE else (made.low, made.high)
    for value in values:
        given = _words(value) if made.words and value is not None else value
        yield from value_problems(f, convert(f, given))
