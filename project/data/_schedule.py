"""How an epoch is cut into batches, batches into ranks' shares, and steps into blocks."""

from itertools import accumulate

import torch


class Schedule:
    """The plan of every epoch of one split, for one rank; of positions in an order, not of samples.

    Args:
        n: samples of the split.
        batch_size: samples of a batch over all ranks.
        block_steps: batches of a block.
        training: whether a last batch with fewer samples than ranks is skipped.
        limit: batches of an epoch, at most; None: all.
        rank: of this process.
        world_size: number of processes.

    Attributes:
        sizes: samples of each batch over all ranks.
        counts: those of them that are this rank's.
        offsets: how many samples of this rank precede each batch.
        positions: `(sum(counts),)` int64, this rank's positions in an epoch's order.

    Raises:
        ValueError: there are fewer samples, in a batch or in the training split, than ranks.
    """

    def __init__(
        self,
        n: int,
        batch_size: int,
        block_steps: int,
        *,
        training: bool = False,
        limit: int | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self._block_steps, self._rank, self._world_size = block_steps, rank, world_size
        self.sizes = _batch_sizes(n, batch_size, world_size if training else 1)[:limit]
        _check_ranks(n, batch_size, len(self.sizes), world_size)
        shares = [self.share(size) for size in self.sizes]
        self.counts = [share.stop - share.start for share in shares]
        self.offsets = [0, *accumulate(self.counts)]
        # All batches but the last are full, and this rank's share of them is the same.
        full, last = torch.arange(sum(self.sizes[:-1])), torch.arange(self.sizes[-1])
        mine = full.view(-1, batch_size)[:, shares[0]].reshape(-1)
        self.positions = torch.cat([mine, len(full) + last[shares[-1]]])

    def share(self, size: int) -> slice:
        """This rank's part of a batch of `size`; the ranks' parts differ by at most one sample."""
        rank, world_size = self._rank, self._world_size
        return slice(size * rank // world_size, size * (rank + 1) // world_size)

    def blocks(self, step: int) -> list[tuple[int, int]]:
        """Start and end of each block from `step` on; ends are multiples of a block's length."""
        steps, length = len(self.sizes), self._block_steps
        starts = [step, *range((step // length + 1) * length, steps, length)]
        return [(s, min((s // length + 1) * length, steps)) for s in starts if s < steps]


def _batch_sizes(n: int, batch_size: int, smallest: int) -> list[int]:
    full, rest = divmod(n, batch_size)
    return [batch_size] * full + [rest] * (rest >= smallest)


def _check_ranks(n: int, batch_size: int, steps: int, world_size: int) -> None:
    if batch_size < world_size:
        raise ValueError(
            f"--batch-size {batch_size} is less than the {world_size} devices it is shared by;"
            f" use at least {world_size}"
        )
    if not steps:
        raise ValueError(
            f"a training split of {n} samples is too small for {world_size} devices; use fewer"
        )
