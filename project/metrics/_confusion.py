"""The confusion matrix as state: every score of predicted classes follows from its counts."""

from typing import NamedTuple

import numpy as np
import torch

from project.metrics._accumulators import Accumulator
from project.metrics._predictions import Predictions


class Cells(NamedTuple):
    """A confusion matrix, and its non-zero cells as weighted samples for scikit-learn.

    Integers are exact as weights, so that scores equal those of all samples at once, bit for bit.

    Attributes:
        matrix: `(n_classes, n_classes)` int64; rows are targets, columns predictions.
        targets: `(n_cells,)` int64, a cell's target.
        preds: `(n_cells,)` int64, a cell's prediction.
        counts: `(n_cells,)` int64, the samples in the cell.
    """

    matrix: np.ndarray
    targets: np.ndarray
    preds: np.ndarray
    counts: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """All classes, `(n_classes,)` int64."""
        return np.arange(len(self.matrix))

    @property
    def is_one_label(self) -> bool:
        """Whether all samples are of one class, and predicted as it."""
        return bool(self.matrix.trace() == self.matrix.sum() == self.matrix.diagonal().max())


class Confusion(Accumulator):
    """Counts of (target, prediction) pairs."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, counts=torch.zeros(n_classes**2, dtype=torch.int64))

    def add(self, batch: Predictions) -> None:
        self.count("counts", torch.add(batch.preds, batch.targets, alpha=self.n_classes))

    def read(self) -> Cells:
        counts = self.total("counts").cpu().numpy().copy()
        cells = np.flatnonzero(counts)
        targets, preds = np.divmod(cells, self.n_classes)
        return Cells(counts.reshape(self.n_classes, -1), targets, preds, counts[cells])
