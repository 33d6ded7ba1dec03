"""What an item's parameter takes, read from its annotation, and a file's value made to fit."""

import math
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from project.words.telling import did_you_mean, quoted


class Within(NamedTuple):
    """Bounds of a number, both of them included unless `below` is set: then less than `most`."""

    least: float
    most: float
    below: bool = False

    def __str__(self) -> str:
        return f"from {self.least} to {'below ' if self.below else ''}{self.most}"

    def holds(self, number: float) -> bool:
        """Whether a number is inside; NaN never is."""
        return self.least <= number and (number < self.most if self.below else number <= self.most)


# What items share; the largest are beyond what any device holds, and keep sizes in 64 bits.
Channels = Annotated[int, Within(1, 1_000_000)]
Size = Annotated[int, Within(1, 65_536)]
Sizes = Annotated[int | tuple[int, ...], Within(1, 65_536)]
Margins = Annotated[int | tuple[int, ...], Within(0, 65_536)]
Share = Annotated[float, Within(0, 1, below=True)]


def told(hint: Any) -> str:
    """What a parameter of this annotation takes, in words: `a whole number from 1 to 65536`."""
    kind, within = _split(hint)
    bounds = f" {within}" if within else ""
    if get_origin(kind) is Literal:
        *others, last = [choice for choice in get_args(kind) if choice is not None]
        return f"{', '.join(others)} or {last}"
    if get_origin(kind) is tuple:
        return f"a list of whole numbers{bounds}"
    if get_origin(kind) in (UnionType, Union):
        return f"{' or '.join(told(each) for each in get_args(kind))}{bounds}"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return f"{words[kind]}{bounds}" if kind is not NoneType else "null"


def typed(value: Any, hint: Any) -> Any:
    """A value as a parameter of this annotation has it: a list becomes a tuple, 3 a float.

    Raises:
        ValueError: it can't; the message says what it must be, and goes on after its name.
    """
    options = list(_options(hint))
    for kind, within in options:
        found = _as(value, kind)
        if found is not _NOT and _inside(found, within):
            return found
    raise ValueError(f"must be {told(hint)}, not {_value(value)}{_near(value, options)}")


_NOT = object()


def _split(hint: Any) -> tuple[Any, Within | None]:
    if get_origin(hint) is Annotated:
        kind, within = get_args(hint)
        return kind, within
    return hint, None


def _options(hint: Any, around: Within | None = None) -> Iterator[tuple[Any, Within | None]]:
    """The kinds that a hint allows, each with its bounds."""
    kind, within = _split(hint)
    if get_origin(kind) in (UnionType, Union):
        for each in get_args(kind):
            yield from _options(each, within or around)
    else:
        yield kind, within or around


def _as(value: Any, kind: Any) -> Any:
    """A value as one kind, or `_NOT`; a whole float is a whole number, but no bool is one."""
    if get_origin(kind) is Literal:
        known = isinstance(value, str | None) and value in get_args(kind)
        return value if known else _NOT
    if get_origin(kind) is tuple:
        fits = isinstance(value, list | tuple) and 0 < len(value) <= 16
        items = tuple(_as(item, int) for item in value) if fits else (_NOT,)
        return _NOT if _NOT in items else items
    if kind is float and type(value) is int:
        return float(value) if abs(value) < 2**53 else _NOT
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is kind else _NOT


def _inside(value: Any, within: Within | None) -> bool:
    numbers = value if isinstance(value, tuple) else (value,)
    numbers = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    return all(abs(n) < math.inf and (within is None or within.holds(n)) for n in numbers)


def _value(value: Any) -> str:
    """A value in a message; Python refuses to write numbers of thousands of digits."""
    huge = isinstance(value, int) and value.bit_length() > 200
    return f"a number of {value.bit_length()} bits" if huge else quoted(value)


def _near(value: Any, options: list[tuple[Any, Within | None]]) -> str:
    choices = [c for kind, _ in options if get_origin(kind) is Literal for c in get_args(kind)]
    return did_you_mean(value, map(str, choices)) if isinstance(value, str) else ""
