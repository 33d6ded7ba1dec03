"""Which of some runs fulfil `--where`, and in which order, by their values alone."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from project.comparison.values import Values, is_number, text_of
from project.comparison.where import parse
from project.words.telling import did_you_mean


def chosen(
    every: Sequence[Values],
    names: Collection[str],
    *,
    where: Sequence[str] = (),
    sort: str | None = None,
    reverse: bool = False,
) -> list[int]:
    """The indices of the runs that fulfil every expression, in the order asked for.

    Those without the value that they are sorted by come last, either way.

    Args:
        every: the values of each run.
        names: what can be asked about.
        where: as `--where`.
        sort: the name of a value; None for the order that they have.
        reverse: the greatest first; without `sort` the last.
    Raises:
        ValueError: an expression or the name to sort by can't be understood.
    """
    found = list(range(len(every)))
    for expression in where:
        condition = parse(expression, frozenset(names))
        found = [i for i in found if condition(every[i])]
    if sort is None:
        return found[::-1] if reverse else found
    if sort not in names:
        raise ValueError(f"--sort {sort!r} is no name of a value{did_you_mean(sort, names)}")
    values = {i: every[i].get(sort) for i in found}
    having = [i for i in found if _has_order(values[i])]
    lacking = [i for i in found if not _has_order(values[i])]
    return sorted(having, key=lambda i: _key(values[i]), reverse=reverse) + lacking


def _has_order(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _key(value: Any) -> tuple[bool, float, str]:
    """Numbers before texts, should runs of two versions differ in that."""
    number = is_number(value)
    return not number, value if number else 0.0, "" if number else text_of(value)
