"""Where a graph's links run: beside the layers, in as few lanes as keep them apart."""

from collections.abc import Sequence
from typing import NamedTuple


class Link(NamedTuple):
    """What one layer gives to layers that do not stand below it at once.

    Attributes:
        source: row of the layer.
        targets: rows of those that take it, from the top on.
        lane: in which it runs, from the layers outwards.
    """

    source: int
    targets: tuple[int, ...]
    lane: int


def lanes_of(inputs: Sequence[Sequence[int]]) -> list[Link]:
    """The links that do not go to the next row alone; short ones run inside.

    Args:
        inputs: of each row, the rows whose outputs it takes.
    """
    targets: dict[int, list[int]] = {}
    for row, sources in enumerate(inputs):
        for source in dict.fromkeys(sources):
            if source != row - 1:
                targets.setdefault(source, []).append(row)
    taken: list[list[tuple[int, int]]] = []
    links = []
    for source, rows in sorted(targets.items(), key=lambda link: (link[1][-1] - link[0], link[0])):
        lane = _free(taken, source, rows[-1])
        links.append(Link(source, tuple(rows), lane))
    return links


def _free(taken: list[list[tuple[int, int]]], first: int, last: int) -> int:
    """The innermost lane that is free from one row to another, which takes it.

    In one row one link may end and another begin: it goes in higher than that goes out.
    """
    for lane, spans in enumerate(taken):
        if all(last <= begin or end <= first for begin, end in spans):
            spans.append((first, last))
            return lane
    taken.append([(first, last)])
    return len(taken) - 1
