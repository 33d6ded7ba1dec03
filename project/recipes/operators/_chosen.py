"""Several operators in turn for each image of a block, each image its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from project.recipes.geometry import Geometry, matrices, product
from project.recipes.operators._catalogue import OPERATORS, Operator


@dataclass(frozen=True)
class Choice:
    """An operator of the catalogue, and its strength at any level from 0 to 1.

    Attributes:
        name: of the operator; "": images stay.
        low: the strength at level 0.
        high: at level 1.
        signed: whether it may as well go the other way from `low`.
    """

    name: str
    low: float = 0
    high: float = 0
    signed: bool = False

    def strength(self, level: Tensor, sign: Tensor) -> Tensor:
        """That of levels `(b,)` and signs `(b,)`, 1 or -1."""
        by = level * (self.high - self.low)
        return self.low + (by * sign if self.signed else by)


class InTurn:
    """Images that are changed in place, by one operator after another.

    Those of geometry wait until one of colour comes, or the end: in a row, they are one.

    Args:
        images: `(b, C, H, W)` float32.
        among: what there is to choose from.
    """

    def __init__(self, images: Tensor, among: Sequence[Choice]) -> None:
        self._images, self._among = images, among
        self._operators = [_operator(choice, images.shape[1]) for choice in among]
        kinds = [one is not None and one.kind != "geometry" for one in self._operators]
        # A choice of none, -1, is the last one's.
        self._colours = torch.tensor([*kinds, False], device=images.device)
        self._waiting = torch.zeros(len(images), dtype=torch.bool, device=images.device)
        none = torch.zeros(1, dtype=torch.float64, device=images.device)
        self._still = matrices(none, ((1, 0, 0), (0, 1, 0)))
        self._matrix = self._still.repeat(len(images), 1, 1)

    def apply(self, chosen: Tensor, sign: Tensor, level: Tensor) -> None:
        """One operator for each image.

        Args:
            chosen: `(b,)` int64, which of them; -1: none.
            sign, level: `(b,)` float64, see `Choice.strength`.
        """
        size = (self._images.shape[2], self._images.shape[3])
        self._move(self._waiting & self._colours[chosen])
        moves = []
        for operator, choice, index in self._groups(chosen):
            strength = choice.strength(level[index], sign[index])
            none = strength.new_empty((len(index), 0))
            if operator.kind == "geometry":
                moves.append((index, operator.apply(size, strength, none).matrix))
            else:
                before = self._images.index_select(0, index)
                self._images.index_copy_(0, index, operator.apply(before, strength, none))
        if moves:
            index, following = (torch.cat(parts) for parts in zip(*moves, strict=True))
            self._matrix[index] = product(self._matrix[index], following)
            self._waiting[index] = True

    def end(self) -> None:
        """Let nothing wait any more."""
        self._move(self._waiting)

    def _groups(self, chosen: Tensor) -> Iterator[tuple[Operator, Choice, Tensor]]:
        """Each operator that some have chosen, and their indices."""
        # Sorted once, and split where the next choice begins.
        counts = torch.bincount(chosen + 1, minlength=len(self._among) + 1).tolist()
        indices = chosen.argsort(stable=True).split(counts)[1:]
        for operator, choice, index in zip(self._operators, self._among, indices, strict=True):
            if operator is not None and len(index):
                yield operator, choice, index

    def _move(self, which: Tensor) -> None:
        index = which.nonzero()[:, 0]
        if len(index):
            before = self._images.index_select(0, index)
            moved = Geometry(self._matrix[index]).sample(before)
            self._images.index_copy_(0, index, moved)
            self._matrix[index] = self._still
            self._waiting[index] = False


def _operator(choice: Choice, channels: int) -> Operator | None:
    """None where it leaves images of so many channels: what is of colours leaves grey ones."""
    found = OPERATORS.get(choice.name)
    return found if found and channels in (found.channels or (channels,)) else None
