"""Weighted terms: `dice*0.5` is the plug `dice`, and a weight of 0.5."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from project.cli.numbers import number
from project.words.telling import quoted

# In the file of a loss that takes outputs of all views of an image, `(b, V, ...)`; others take the
# first's.
VIEWS = "\nVIEWS = True"
# In that of one that says nothing of a single view.
ONLY_VIEWS = "\nONLY_VIEWS = True"


class Term(NamedTuple):
    """One of several losses that are summed.

    Attributes:
        plug: as it is chosen alone, `dice` or `mylosses:edges`.
        weight: that its value is multiplied by.
    """

    plug: str
    weight: float

    @property
    def name(self) -> str:
        """In the names of scores: `cross_entropy`, `mylosses_edges`."""
        return "".join(c if c.isalnum() else "_" for c in self.plug)

    def __str__(self) -> str:
        return self.plug if self.weight == 1 else f"{self.plug}*{self.weight!r}"


def term(text: str) -> Term:
    """The term that `NAME` or `NAME*WEIGHT` stands for.

    Raises:
        ValueError: its weight is no positive number; says what to write.
    """
    plug, star, weight = text.partition("*")
    if not star:
        return Term(text, 1.0)
    value = number(weight)
    if value is None or not 0 < value < math.inf or not plug:
        raise ValueError("write NAME or NAME*WEIGHT, with a weight above 0")
    return Term(plug, value)


def canonical(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts in one spelling: `dice*.50` is `dice*0.5`, and `dice*1` is `dice`."""
    return tuple(map(_canonical, texts))


def problems(flag: str, texts: Sequence[str]) -> Iterator[str]:
    """What is wrong with terms that are to be summed, but for the plugs themselves; a line each."""
    if not texts:
        yield f"{flag} needs at least one value"
    known: dict[str, str] = {}
    for text in texts:
        try:
            found = term(text)
        except ValueError as error:
            yield f"{flag} {quoted(text)}: {error}"
            continue
        if found.name in known:
            other = known[found.name]
            both = f"{other} and {found.plug} are both logged as {found.name}: rename one"
            twice = f"{found.plug} is there twice: leave one out, or weigh it {found.plug}*2"
            yield f"{flag}: {twice if other == found.plug else both}"
        known.setdefault(found.name, found.plug)


def plugs_of(texts: Iterable[str]) -> list[str]:
    """The plugs of those that are terms."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(term(text).plug)
    return found


def _canonical(text: str) -> str:
    try:
        return str(term(text))
    except ValueError:
        return text  # which `problems` tells
