"""Consecutive batches of an epoch that were gathered at once."""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor

from project.values import Batch


class Block:
    """Consecutive batches of an epoch that were gathered at once; it may hold none.

    Args:
        epoch: counted from 0.
        first_step: index in the epoch of its first batch.
        indices: of the data set's samples, `(n,)` int64, of all batches.
        counts: this rank's samples of each batch.
        batches: iterates over the batches, whose inputs are made when their turn comes.
        leaked: of each batch which samples are leaks, `(b,)` bool on the device; None: the split
            has none.
    """

    __slots__ = ("epoch", "first_step", "leaked", "_indices", "_counts", "_batches")

    def __init__(
        self,
        epoch: int,
        first_step: int,
        indices: Tensor,
        counts: Sequence[int],
        batches: Callable[[], Iterator[Batch]],
        leaked: Sequence[Tensor] | None = None,
    ) -> None:
        self.epoch, self.first_step, self.leaked = epoch, first_step, leaked
        self._indices, self._counts, self._batches = indices, counts, batches

    def __len__(self) -> int:
        return len(self._counts)

    def __iter__(self) -> Iterator[Batch]:
        return self._batches()

    def indices(self, i: int) -> list[int]:
        """Which samples of the data set the i-th batch holds on this rank."""
        start, end = sum(self._counts[:i]), sum(self._counts[: i + 1])
        return self._indices[start:end].tolist()
