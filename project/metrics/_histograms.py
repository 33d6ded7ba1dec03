"""Histograms of every class's scores as state: how well it is ranked follows from the counts."""

import math
from typing import NamedTuple

import numpy as np
import torch

from project.metrics._accumulators import Accumulator
from project.metrics._predictions import Predictions

# The bit pattern of float32 2^-32, and the length in bit patterns of the 64 octaves from there.
SMALLEST, SPAN = 95 << 23, 64 << 23


class Bins(NamedTuple):
    """The non-empty bins of all classes, one class after the other, each from the highest score.

    Attributes:
        positives: `(n_bins,)` int64, samples of the class.
        negatives: `(n_bins,)` int64, samples of other classes.
        starts: `(n_classes,)` int64, the first bin of each class, which has at least one.
    """

    positives: np.ndarray
    negatives: np.ndarray
    starts: np.ndarray

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sums over each class's bins, `(n_classes,)`, of `(n_bins,)` values."""
        return np.add.reduceat(values, self.starts)

    def above(self, counts: np.ndarray) -> np.ndarray:
        """The sum over the bins above each, of its class, `(n_bins,)`, of `(n_bins,)` integers."""
        before = np.cumsum(counts) - counts
        lengths = np.diff(self.starts, append=len(counts))
        return before - np.repeat(before[self.starts], lengths)


class Histograms(Accumulator):
    """Counts of each class's one-vs-rest log-odds, apart for samples of the class and of others.

    Log-odds have the order of the exact probabilities and do not saturate. Shifted by
    log(n_classes - 1) they are 0 where the classes are equally likely. Of their float32, bins keep
    the sign, six bits of the exponent and as many of the mantissa as fit two tables into 64 MiB:
    65,536 bins a class for up to 64 classes (9 bits of the mantissa: bins 0.1 to 0.2 % wide), 4,096
    for 1000 (5 bits). The exponents cover magnitudes from 2^-32 to 2^32; smaller ones share the bin
    of 0, larger ones the last.
    """

    def __init__(self, n_classes: int) -> None:
        bits = min(16, 22 - (n_classes - 1).bit_length())
        size = n_classes << bits
        super().__init__(
            n_classes,
            samples=torch.zeros(size, dtype=torch.int64),
            positives=torch.zeros(size, dtype=torch.int64),
        )
        self.n_bins, self.shift = 1 << bits, 30 - bits
        self.constants["classes"] = torch.arange(n_classes)
        # Cells of samples and of positives that are not in the tables yet. A few are sooner sorted
        # than found in tables, which push all else out of the processor's caches besides.
        self._listed: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._room = self._most_listed = size >> 5

    def bins(self, log_odds: torch.Tensor) -> torch.Tensor:
        """The bin of each log-odds, `(batch, n_classes)` int64, non-decreasing in them."""
        patterns = (log_odds + math.log(self.n_classes - 1)).float().view(torch.int32)
        sign = patterns >> 31
        magnitude = (patterns & 0x7FFFFFFF).sub_(SMALLEST - (1 << self.shift))
        code = magnitude.clamp_(0, SPAN - 1) >> self.shift
        # Two's complement: -code where the sign is set.
        return code.bitwise_xor_(sign).sub_(sign).add_(self.n_bins // 2).long()

    def add(self, batch: Predictions) -> None:
        # Classes lie side by side: a table of many is read in runs, at half the time.
        cells = self.bins(batch.log_odds).mul_(self.n_classes).add_(self.constants["classes"])
        self._listed.append((cells.view(-1), batch.of_target(cells).view(-1)))
        self._room -= cells.numel()
        if self._room < 0:
            self.settle()

    def settle(self) -> None:
        for cells, own in self._listed:
            self.count("samples", cells)
            self.count("positives", own)
        self._listed, self._room = [], -1

    def reset(self) -> None:
        if self._room < 0:
            super().reset()
        self._listed, self._room = [], self._most_listed

    def read(self) -> Bins:
        if self._room < 0:
            # Found on the device, so that only the few cells in use travel.
            cells = self.total("samples").nonzero().view(-1)
            samples, positives = (self.total(name)[cells] for name in ("samples", "positives"))
        else:
            every, own = (torch.cat(parts) for parts in zip(*self._listed, strict=True))
            cells, samples = every.unique(return_counts=True)
            positives = torch.searchsorted(cells, own).bincount(minlength=len(cells))
        return self._bins(*(found.flip(0).cpu().numpy() for found in (cells, samples, positives)))

    def _bins(self, cells: np.ndarray, samples: np.ndarray, positives: np.ndarray) -> Bins:
        """From cells in descending order, their samples and positives."""
        # Two bytes wide: of those, numpy sorts by counting.
        classes = (cells % self.n_classes).astype(np.uint16)
        order = np.argsort(classes, kind="stable")
        starts = np.searchsorted(classes[order], np.arange(self.n_classes))
        return Bins(positives[order], (samples - positives)[order], starts)
