"""Which samples an epoch has, one after the other, on one rank."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor


class Order(NamedTuple):
    """Samples in the order in which they are trained on.

    Attributes:
        indices: of the data set's samples, `(n,)` int64.
        again: how often each was there before in the epoch, on any rank, likewise.
        partners: what each may be mixed with, indices likewise; None: nothing.
    """

    indices: Tensor
    again: Tensor
    partners: Tensor | None

    def after(self, start: int) -> Self:
        """Those from the `start`-th on."""
        return type(self)(*(None if each is None else each[start:] for each in self))

    def pieces(self, sizes: Sequence[int]) -> Iterator[Self]:
        """Consecutive ones, `sizes` many each."""
        ends = torch.tensor([0, *sizes]).cumsum(0).tolist()
        for start, end in zip(ends, ends[1:]):
            yield type(self)(*(None if each is None else each[start:end] for each in self))

    def fetched(self, sizes: list[int]) -> tuple[Tensor, list[int]]:
        """What is to be fetched of such pieces: the samples, followed by their partners."""
        if self.partners is None:
            return self.indices, sizes
        pairs = ((piece.indices, piece.partners) for piece in self.pieces(sizes))
        return torch.cat([each for pair in pairs for each in pair]), [2 * size for size in sizes]
