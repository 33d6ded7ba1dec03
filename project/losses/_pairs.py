"""What losses over pairs share: all ranks' embeddings, with gradient, and which are alike."""

from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F


class Pairs(NamedTuple):
    """A batch's own samples, which are the anchors, beside those of all ranks.

    Attributes:
        anchors: `(b, D)` float32, of this rank.
        every: `(n, D)` float32, of all ranks, in their order; this rank's among them.
        positive: which of `every` is of the anchor's class, but not the anchor, `(b, n)` bool.
        negative: which is of another class, `(b, n)` bool.
    """

    anchors: Tensor
    every: Tensor
    positive: Tensor
    negative: Tensor

    def distances(self) -> Tensor:
        """Euclidean ones, `(b, n)`; not by a product of matrices, which is inexact of near ones."""
        return torch.cdist(self.anchors, self.every, compute_mode="donot_use_mm_for_euclid_dist")


def pairs(embeddings: Tensor, labels: Tensor) -> Pairs:
    """All pairs of an anchor of this rank and a sample of any.

    Args:
        embeddings: `(b, D)`, floating.
        labels: `(b,)` int64.
    """
    own = embeddings.float()
    if not _are_several():
        every, every_label, first = own, labels, 0
    else:
        sizes = _sizes(len(own), own.device)
        every = _Gathered.apply(own, sizes)
        every_label = _gathered(labels, sizes)
        first = sum(sizes[: dist.get_rank()])
    same = labels[:, None] == every_label
    positive = same.clone()
    rows = torch.arange(len(own), device=own.device)
    positive[rows, first + rows] = False
    return Pairs(own, every, positive, ~same)


def first_of_rank(n: int, device: torch.device) -> int:
    """How many samples the ranks before this one have, of which there are `n` here."""
    return sum(_sizes(n, device)[: dist.get_rank()]) if _are_several() else 0


def _are_several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _sizes(n: int, device: torch.device) -> list[int]:
    """How many samples each rank has: shares of a batch differ by one."""
    own = torch.tensor([n], device=device)
    found = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(found, own)
    return [int(each) for each in found]


def _gathered(own: Tensor, sizes: list[int]) -> Tensor:
    """All ranks' rows, one after another; padded on their way to one size."""
    most = max(sizes)
    padded = F.pad(own, (*(0, 0) * (own.ndim - 1), 0, most - len(own))).contiguous()
    found = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(found, padded)
    return torch.cat([part[:size] for part, size in zip(found, sizes, strict=True)])


class _Gathered(torch.autograd.Function):
    """All ranks' rows; each rank's get the gradients of all ranks' losses.

    `torch.distributed.nn` has the like for shares of one size.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor, sizes: list[int]) -> Tensor:
        ctx.sizes = sizes
        return _gathered(own, sizes)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grad,) = grads
        whole = grad.contiguous()
        dist.all_reduce(whole)
        return whole.split(ctx.sizes)[dist.get_rank()], None
