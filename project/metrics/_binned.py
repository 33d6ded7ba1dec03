"""Samples in bins of what a model says of its own certainty, as state, and how far that is off."""

import math

import numpy as np
import torch
from torch import Tensor

from project.metrics._accumulators import Accumulator


class Binned(Accumulator):
    """Of each bin: its samples, the sum of what was said of them, and how often it came true.

    Args:
        n_classes: columns of the logits.
        n_bins: equal bins (lo, hi] of [0, 1]; 0 is in the first.
        more: further bins, for what counts nowhere.
    """

    def __init__(self, n_classes: int, n_bins: int, more: int = 0) -> None:
        super().__init__(
            n_classes,
            samples=torch.zeros(n_bins + more, dtype=torch.int64),
            said=torch.zeros(n_bins + more, dtype=torch.float64),
            true=torch.zeros(n_bins + more, dtype=torch.int64),
        )
        self.n_bins = n_bins
        # As those of scikit-learn's `calibration_curve`.
        self.constants["edges"] = torch.from_numpy(np.linspace(0, 1, n_bins + 1)[1:-1].copy())

    def fill(self, bins: Tensor, said: Tensor, true: Tensor) -> None:
        """Add samples.

        Args:
            bins: `(n,)` int64.
            said: of each sample in [0, 1], n floating.
            true: whether it came true, n bool.
        """
        self.count("samples", bins)
        self.sums["said"].index_add_(0, bins, said.double().view(-1))
        self.sums["true"].index_add_(0, bins, true.long().view(-1))

    def read(self) -> np.ndarray:
        """Samples, sum of what was said and how often it came true, `(n_bins, 3)` float64."""
        names = ("samples", "said", "true")
        sums = [self.total(name)[: self.n_bins].cpu().numpy().astype(float) for name in names]
        return np.stack(sums, 1)


def gap(totals: np.ndarray) -> float:
    """How far what was said lies from what came true: |difference| of bins, weighted by samples."""
    samples, said, true = totals.T
    return float(np.abs(true - said).sum() / samples.sum())


def means(totals: np.ndarray) -> np.ndarray:
    """For a figure, `(n_bins, 3)`: samples, and the means of a bin, NaN where there are none."""
    found = np.full(totals.shape, math.nan)
    used = totals[:, 0] > 0
    found[used, 1:] = totals[used, 1:] / totals[used, :1]
    found[:, 0] = totals[:, 0]
    return found
