"""Trials that look at no results: random ones, those of a grid, and quasi-random ones."""

import json
import random
from functools import lru_cache
from hashlib import sha256
from itertools import islice

from project.search.space import Dimension, Space
from project.search.values import Plain

# More combinations than this are no grid.
LARGEST = 100_000
_BLOCK = 256  # points of a sequence made at once


def at_random(space: Space, *seed: int) -> dict[str, Plain]:
    """A combination, excluded or not, that follows from the seed alone.

    Python seeds by a hash of the text: the same on all machines.
    """
    chosen = random.Random("/".join(map(str, seed)))
    # Each flag has its place, whether or not those before it count.
    places = {each.name: chosen.random() for each in space.dimensions}
    return space.completed(lambda each: each.at(places[each.name]))


@lru_cache(maxsize=4)
def grid(space: Space, seed: int) -> tuple[dict[str, Plain], ...]:
    """All combinations that are allowed, in an order that follows from the seed.

    A range without steps has five evenly spaced values.

    Raises:
        ValueError: there are more than can be listed.
    """
    found: list[dict[str, Plain]] = [{}]
    for i in range(len(space.dimensions)):
        part = Space(space.dimensions[: i + 1])
        found = list(islice((m for values in found for m in _with(part, values)), LARGEST + 1))
        if len(found) > LARGEST:
            raise ValueError(
                f"the grid has more than {LARGEST} combinations: give choices, or larger steps"
            )
    allowed = filter(space.allows, found)
    return tuple(sorted(allowed, key=lambda values: _mixed(f"{seed}:{json.dumps(values)}")))


def _with(space: Space, values: dict[str, Plain]) -> list[dict[str, Plain]]:
    """A combination with each value of the last flag, or as it is where that does not count."""
    last: Dimension = space.dimensions[-1]
    if last.name not in space.active(values):
        return [values]
    return [{**values, last.name: point} for point in last.points()]


def _mixed(text: str) -> bytes:
    return sha256(text.encode()).digest()


def quasi(space: Space, number: int, seed: int) -> dict[str, Plain]:
    """The combination of that number in a Sobol sequence, of those that are allowed.

    The sequence is shifted as a whole by random numbers between 0 and 1 (Cranley & Patterson,
    "Randomization of Number Theoretic Methods for Multiple Integration", 1976).

    Raises:
        ValueError: next to nothing is allowed.
    """
    if not space.excludes:
        return _of(space, _points(len(space.dimensions), number, 1)[0], seed)
    return _allowed(space, seed, number // _BLOCK)[number % _BLOCK]


@lru_cache(maxsize=64)
def _allowed(space: Space, seed: int, block: int) -> list[dict[str, Plain]]:
    """So many combinations that are allowed, after those of the blocks before."""
    skipped, first = block * _BLOCK, 0
    made: list[dict[str, Plain]] = []
    while len(made) < skipped + _BLOCK:
        points = _points(len(space.dimensions), first, _BLOCK)
        values = (_of(space, point, seed) for point in points)
        made += filter(space.allows, values)
        first += _BLOCK
        if first > LARGEST and len(made) * 1000 < first:
            raise ValueError("the exclusions leave less than one of 1,000 combinations")
    return list(islice(made, skipped, skipped + _BLOCK))


def _points(dimensions: int, first: int, count: int) -> list[list[float]]:
    from scipy.stats.qmc import Sobol

    engine = Sobol(dimensions, scramble=False)
    if first:
        engine.fast_forward(first)
    return engine.random(count).tolist()


def _of(space: Space, point: list[float], seed: int) -> dict[str, Plain]:
    shifts = random.Random(f"sobol/{seed}")
    shifted = [(each + shifts.random()) % 1.0 for each in point]
    places = dict(zip((each.name for each in space.dimensions), shifted, strict=True))
    return space.completed(lambda each: each.at(places[each.name]))


def stepless(space: Space) -> list[str]:
    """The flags of which a grid has some values only."""
    return [each.name for each in space.dimensions if len(each.points()) < each.count]
