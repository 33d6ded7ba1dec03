"""The confusion matrix of pixels as state, of all images or of each."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from project.metrics._accumulators import Accumulator
from project.metrics._confusion import Counts
from project.metrics._pixels import IGNORED, Pixels


class PixelSums(NamedTuple):
    """Pixels by class, `(n,)` int64.

    Attributes:
        hits: of the class, and predicted as it.
        predicted: predicted as the class.
        support: of the class.
    """

    hits: np.ndarray
    predicted: np.ndarray
    support: np.ndarray


@dataclass(frozen=True, eq=False)
class PixelCounts(Counts):
    """A confusion matrix of all pixels but the ignored ones.

    Scores of classes are of those that are the target or the prediction of any pixel, as in
    scikit-learn with these as `labels`; what is 0 / 0 for one of them is 0.
    """

    @cached_property
    def classes(self) -> np.ndarray:
        """Which classes are the target or the prediction of any pixel, `(n,)` int64."""
        return np.flatnonzero(self.matrix.sum(0) + self.matrix.sum(1))

    @cached_property
    def sums(self) -> PixelSums:
        """Of each of these classes."""
        there, columns = self.classes, (self.matrix.diagonal(), self.matrix.sum(0))
        return PixelSums(*(column[there] for column in (*columns, self.matrix.sum(1))))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of these classes among NaN for all others, `(n_classes,)` float64."""
        every = np.full(len(self.matrix), np.nan)
        every[self.classes] = values
        return every


class PixelConfusion(Accumulator):
    """Counts of (target, prediction) pairs of pixels, and of those that can't be measured."""

    def __init__(self, n_classes: int) -> None:
        assert n_classes <= IGNORED, "masks are uint8"
        super().__init__(
            n_classes,
            # A row more at either end, for targets below and above all classes.
            counts=torch.zeros((n_classes + 2) * n_classes, dtype=torch.int64),
            ignored=torch.zeros((), dtype=torch.int64),
            bad_logits=torch.zeros((), dtype=torch.int64),
        )

    def add(self, batch: Pixels) -> None:
        self.count("counts", _cells(batch.preds, batch.targets, self.n_classes).view(-1))
        self.sums["ignored"] += batch.ignored.count_nonzero()
        # What is finite is 0 less itself, all else is NaN.
        self.sums["bad_logits"] += (batch.top - batch.top).count_nonzero()

    def read(self) -> PixelCounts:
        """The counts.

        Raises:
            ValueError: no pixel counts, or a logit or target can't be measured.
        """
        counts = self.total("counts").cpu().numpy().reshape(-1, self.n_classes)
        n, inside = int(counts.sum()), counts[1:-1]
        ignored, bad_logits = int(self.total("ignored")), int(self.total("bad_logits"))
        if n == 0:
            raise ValueError("no samples: the split is empty, or update() was never called")
        if bad_logits:
            raise ValueError(
                f"the logits of {bad_logits:,} of {n:,} pixels are NaN or infinite: "
                "the model has diverged; try a lower learning rate or full precision"
            )
        if bad_targets := n - ignored - int(inside.sum()):
            raise ValueError(
                f"the targets of {bad_targets:,} of {n:,} pixels lie outside "
                f"0..{self.n_classes - 1} and are not {IGNORED}: "
                "give the metric as many classes as the data has"
            )
        if ignored == n:
            raise ValueError(f"all {n:,} pixels are ignored (masks are {IGNORED}): none is scored")
        return PixelCounts(inside.copy())


def mean_ious(preds: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    """The mean IoU of each image, over the classes that it has or is predicted to have.

    Args:
        preds: `(b, H, W)` int64.
        targets: likewise; 255 is ignored.
        n_classes: how many there are.
    Returns:
        `(b,)` float32, NaN where all pixels are ignored.
    """
    n, n_cells = len(targets), (n_classes + 2) * n_classes
    cells = (
        _cells(preds, targets, n_classes).view(n, -1)
        + n_cells * torch.arange(n, device=targets.device)[:, None]
    )
    counts = cells.new_zeros(n * n_cells)
    counts.index_add_(0, cells.view(-1), counts.new_ones(()).expand(cells.numel()))
    matrix = counts.view(n, -1, n_classes)[:, 1:-1]
    hits = matrix.diagonal(dim1=1, dim2=2)
    return hits.div(matrix.sum(1) + matrix.sum(2) - hits).nanmean(1)


def _cells(preds: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    """The cell of each pixel in a matrix with a row more at either end, `(b, H, W)` int64."""
    return targets.clamp(-1, n_classes).add_(1).mul_(n_classes).add_(preds)
