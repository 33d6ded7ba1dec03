"""Triplet loss: an anchor is to be nearer to its own class than to others, by a margin."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from project.hyperparameters import flag
from project.losses._pairs import Pairs, pairs

TASKS = ("embedding",)


class Settings:
    triplet_mining: str = flag(
        "hard",
        "triplets of an anchor: the farthest positive and the nearest negative of the batch; all"
        " semi-hard ones, whose negative is farther than the positive, but within the margin; or"
        " all",
        choices=("hard", "semi-hard", "all"),
        sweep=("hard", "semi-hard", "all"),
    )
    triplet_margin: float = flag(
        0.2,
        "how much farther the negative is to be than the positive, as a distance",
        bounds="(0, 1000]",
        sweep="log [0.05, 1]",
    )
    triplet_soft: bool = flag(
        False, "softplus of the difference of distances in place of its excess over the margin"
    )
    triplet_swap: bool = flag(
        False, "the positive's distance to the negative counts where it is the smaller one"
    )


def build(hparams: Any, task: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Triplet loss of each anchor, over the batch of all ranks.

    Of an anchor a, a positive p and a negative n with Euclidean distances d it is
    max(0, d(a, p) - d(a, n) + m), or softplus(d(a, p) - d(a, n)) with `triplet_soft`; with
    `triplet_swap` d(a, n) is the smaller one of itself and d(p, n). An anchor's loss is that of its
    hardest triplet, or the mean of those that are mined; 0 where there is none.

    Embeddings `(b, D)` and labels `(b,)` int64 to losses `(b,)` float32.

    Source: Schroff et al., "FaceNet", 2015, equations 1 to 4; Hermans et al., "In Defense of the
    Triplet Loss for Person Re-Identification", 2017, equation 5 and section 2; the swap: Balntas et
    al., "Learning local feature descriptors with triplets and shallow convolutional neural
    networks", 2016, section 3.3.
    """
    own = hparams.settings(__name__)
    margin = own.triplet_margin

    def excess(positive: Tensor, negative: Tensor) -> Tensor:
        apart = positive - negative
        return F.softplus(apart) if own.triplet_soft else F.relu(apart + margin)

    def triplet(embeddings: Tensor, labels: Tensor) -> Tensor:
        batch = pairs(task.embedded(embeddings), labels)
        if own.triplet_mining == "hard":
            return _hardest(batch, excess, own.triplet_swap)
        band = margin if own.triplet_mining == "semi-hard" else None
        return _mean_of(batch, excess, band, own.triplet_swap)

    return triplet


Excess = Callable[[Tensor, Tensor], Tensor]


def _hardest(batch: Pairs, excess: Excess, swap: bool) -> Tensor:
    """Of the farthest positive and the nearest negative."""
    apart = batch.distances()
    positive, far = apart.masked_fill(~batch.positive, -torch.inf).max(1)
    negative, near = apart.masked_fill(~batch.negative, torch.inf).min(1)
    if swap:
        between = F.pairwise_distance(batch.every[far], batch.every[near], eps=0)
        negative = torch.minimum(negative, between)
    there = batch.positive.any(1) & batch.negative.any(1)
    # Where one of them is infinite, the gradient would be NaN, though nothing counts it.
    zero = batch.anchors.sum(1) * 0
    return torch.where(
        there, excess(positive.where(there, zero), negative.where(there, zero)), zero
    )


def _mean_of(batch: Pairs, excess: Excess, band: float | None, swap: bool) -> Tensor:
    """Of all triplets, or of those whose negative is farther than the positive within a band."""
    anchor, positive = batch.positive.nonzero(as_tuple=True)
    to_all = batch.distances()
    own, other = to_all[anchor, positive][:, None], to_all[anchor]
    counted = batch.negative[anchor]
    if band is not None:
        counted = counted & (other > own) & (other < own + band)
    if swap:
        between = torch.cdist(
            batch.every[positive], batch.every, compute_mode="donot_use_mm_for_euclid_dist"
        )
        other = torch.minimum(other, between)
    losses = excess(own, other) * counted
    n = len(batch.anchors)
    sums = losses.new_zeros(n).index_add(0, anchor, losses.sum(1))
    counts = losses.new_zeros(n).index_add(0, anchor, counted.sum(1).to(losses.dtype))
    return sums / counts.clamp(min=1) + batch.anchors.sum(1) * 0
