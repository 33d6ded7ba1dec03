"""The k best and the k worst samples of a pass over a split, exactly, in constant memory."""

import heapq
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch.distributed as dist
from torch import Tensor

from project.training.arrival import on_its_way
from project.values import Tree, mapped


class Extreme(NamedTuple):
    """A sample at one end.

    Attributes:
        badness: how wrong its outputs are; larger is worse.
        index: of the data set's sample.
        kept: what was given with it, of this sample alone, on the CPU.
    """

    badness: float
    index: int
    kept: Any


class Ends(NamedTuple):
    """Both ends, each with its most extreme sample first; of equals the lower index comes first."""

    best: list[Extreme]
    worst: list[Extreme]


def ends_of(badness: np.ndarray, indices: np.ndarray, kept: Tree, k: int) -> Ends:
    """Both ends of samples that are all known at once.

    Args:
        badness: `(n,)`; larger is worse, and NaN is at neither end.
        indices: `(n,)` int64, of the data set's samples, sorted.
        kept: what a picture of each needs, on the CPU; dimension 0 is the sample.
        k: how many at each end.
    """
    known = np.flatnonzero(~np.isnan(badness))

    def extreme(row: int) -> Extreme:
        of_it = mapped(lambda leaf: leaf[row], kept)
        return Extreme(float(badness[row]), int(indices[row]), of_it)

    # Stable, so that of equals the lower index comes first.
    best, worst = (known[np.argsort(way * badness[known], kind="stable")][:k] for way in (1, -1))
    return Ends([extreme(row) for row in best.tolist()], [extreme(row) for row in worst.tolist()])


class Extremes:
    """Keeps the samples of least and of largest badness; equals an argsort over all of them.

    Many samples at once cost little more than a few. A batch is looked at when the next one comes:
    its few numbers are on their way from the device meanwhile, so that nothing waits for it.
    Samples whose badness is NaN, as of an image whose pixels are all ignored, are at neither end.

    Args:
        k: how many at each end; fewer where there are fewer samples, which are then at both.
        kept: makes of what is given with some samples what is kept of them; all of it, without.
    """

    def __init__(self, k: int, kept: Callable[[Tree], Tree] | None = None) -> None:
        self.k, self._kept = k, kept or (lambda tree: tree)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        # Heaps whose first entry is the one to go next: the largest of (-badness, -index) stay
        # among the best, and those of (badness, -index) among the worst.
        self._best: list[tuple[tuple[float, int], Extreme]] = []
        self._worst: list[tuple[tuple[float, int], Extreme]] = []
        self._waiting: tuple[Tensor, Tensor, Tree, Any] | None = None

    def add(self, badness: Tensor, indices: Tensor, kept: Tree) -> None:
        """Take a batch.

        Args:
            badness: `(b,)` floating, on any device; larger is worse.
            indices: `(b,)` int64 on the CPU, of the data set's samples, each once in a pass.
            kept: what a picture of a sample needs, such as the outputs; dimension 0 is the sample.
                It stays as it is until the next batch.
        """
        self._look()
        there, arrived = on_its_way(badness.float())
        self._waiting = there, indices, kept, arrived

    def ends(self) -> Ends:
        """Both ends, of all ranks together; each has to call it, and gets the same."""
        self._look()
        # What is kept with them stays where it is until it is known which are wanted.
        ends = [[(-k[0], -k[1]) for k, _ in heap] for heap in (self._best, self._worst)]
        best, worst = (
            sorted(entry for rank in ranks for entry in rank)[: self.k]
            for ranks in zip(*_gathered(ends), strict=True)
        )
        own = {e.index: e for _, e in (*self._best, *self._worst)}
        wanted = [index for _, index in (*best, *worst)]
        each = _gathered({index: own[index] for index in wanted if index in own})
        found = {index: extreme for rank in each for index, extreme in rank.items()}
        return Ends([found[index] for _, index in best], [found[index] for _, index in worst])

    def _look(self) -> None:
        """Take what is extreme of the batch that waits."""
        if self._waiting is None:
            return
        values, indices, kept, arrived = self._waiting
        self._waiting = None
        if arrived is not None:
            arrived.synchronize()
        badness = values.numpy()
        for row in _candidates(badness, self.k).tolist():
            self._offer(float(badness[row]), int(indices[row]), kept, row)

    def _offer(self, value: float, index: int, kept: Tree, row: int) -> None:
        ends = (self._best, (-value, -index)), (self._worst, (value, -index))
        open_to = [(h, key) for h, key in ends if len(h) < self.k or h[0][0] < key]
        if open_to:
            alone = self._kept(mapped(lambda leaf: leaf[row][None], kept))
            extreme = Extreme(value, index, mapped(_single, alone))
            for heap, key in open_to:
                push = heapq.heappush if len(heap) < self.k else heapq.heappushpop
                push(heap, (key, extreme))


def _candidates(badness: np.ndarray, k: int) -> np.ndarray:
    """The rows of one batch that may be at an end: those that are there in the batch itself."""
    known = badness[~np.isnan(badness)]
    if k == 0 or not len(known):
        return np.empty(0, np.int64)
    k = min(k, len(known))
    ordered = np.partition(known, (k - 1, len(known) - k))
    return np.flatnonzero((badness <= ordered[k - 1]) | (badness >= ordered[-k]))


def _single(leaf: Tensor) -> Tensor:
    # A copy: a view would keep the whole batch in memory.
    return leaf[0].detach().clone().cpu()


def _gathered(own: Any) -> list[Any]:
    """Of each rank what it calls this with."""
    if not (dist.is_available() and dist.is_initialized()):
        return [own]
    every: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(every, own)
    return every
