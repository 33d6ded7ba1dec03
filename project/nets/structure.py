"""Modules of the words that have no item: parts of the input, and one of several tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from project.nets.items import Shape, plain

# Of an image, by name: its place in (channels, rows, columns), counted from the end.
_SIDES = {"channels": -3, "rows": -2, "columns": -1}


class Part(nn.Module):
    """A part of what comes into a net.

    Args:
        view: of inputs `(batch, views, ...)`, which one; None: they have none.
        ranges: of single dimensions: which, from where, and how far.
    """

    def __init__(self, view: int | None, ranges: Sequence[tuple[int, int, int]]) -> None:
        super().__init__()
        self.view, self.ranges = view, tuple(ranges)

    def forward(self, inputs: Tensor) -> Tensor:
        found = inputs if self.view is None else inputs[:, self.view]
        for side, first, length in self.ranges:
            found = found.narrow(side, first, length)
        return found


class Select(nn.Module):
    """One of several tensors, by place or name; None: the only one, as it is."""

    def __init__(self, index: int | str | None) -> None:
        super().__init__()
        self.index = index

    def forward(self, inputs: Any) -> Tensor:
        return inputs if self.index is None else inputs[self.index]


def part_of(shape: Shape, said: Mapping[str, Any]) -> Part:
    """The part that a file's input is of what comes.

    Args:
        shape: of what comes, `(channels, rows, columns)` or `(views, channels, rows, columns)`.
        said: `view`, or from where to where of channels, rows or columns, worked out.

    Raises:
        ValueError: there is no such part; goes on after the input's name.
    """
    view = said.get("view")
    if view is not None:
        if len(shape) != 4:
            raise ValueError(f"is view {view}, and what comes has none: it is {plain(shape)}")
        if type(view) is not int or not 0 <= view < shape[0]:
            raise ValueError(f"is view {view}, and there are {shape[0]}, counted from 0")
    elif len(shape) == 4:
        raise ValueError(f"must say which view of {shape[0]} it is, as view: 0")
    ranges = [_range(shape, name, said[name]) for name in _SIDES if name in said]
    return Part(view, ranges)


def equal_part(shape: Shape, place: int, count: int) -> Part:
    """One of several inputs that share what comes: a view each, or as many channels each.

    Raises:
        ValueError: they can't share it; goes on after the inputs' names.
    """
    if len(shape) == 4 and shape[0] == count:
        return Part(place, ())
    if len(shape) == 4:
        raise ValueError(f"are {count}, and there are {shape[0]} views: say view: 0 of each")
    if shape[0] % count:
        fix = "say which channels, rows or columns each is, such as columns: [0, 4]"
        raise ValueError(f"can't share {shape[0]} channels equally: {fix}")
    length = shape[0] // count
    return Part(None, [(_SIDES["channels"], place * length, length)])


def _range(shape: Shape, name: str, value: Any) -> tuple[int, int, int]:
    size = shape[_SIDES[name]]
    ends = value if isinstance(value, list) else []
    ends = [int(end) if isinstance(end, float) and end.is_integer() else end for end in ends]
    if len(ends) != 2 or any(type(end) is not int for end in ends):
        raise ValueError(f"has {name} {value}: give [FROM, TO], two whole numbers")
    first, end = ends
    if not 0 <= first < end <= size:
        raise ValueError(f"has {name} {first} to {end}, and there are {size}, counted from 0")
    return _SIDES[name], first, end - first
