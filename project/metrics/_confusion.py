"""The confusion matrix as state: every score of predicted classes follows from its counts."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from sklearn.metrics import multilabel_confusion_matrix

from project.metrics._accumulators import Accumulator
from project.metrics._predictions import Predictions


class OfClasses(NamedTuple):
    """Scores of each class against the rest, `(n_classes,)` float64; what is 0 / 0 is 0.

    Attributes:
        precision: of the samples predicted as the class, those that are of it.
        recall: of the samples of the class, those predicted as it.
        f1: the harmonic mean of both.
        support: the samples of the class.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


@dataclass(frozen=True, eq=False)
class Cells:
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

    @cached_property
    def of_classes(self) -> OfClasses:
        """From scikit-learn's counts, which all metrics share, by its formulas."""
        matrices = multilabel_confusion_matrix(
            self.targets, self.preds, labels=self.labels, sample_weight=self.counts
        )
        hits = matrices[:, 1, 1]
        predicted, support = matrices[:, :, 1].sum(1), matrices[:, 1].sum(1)
        return OfClasses(
            _ratios(hits, predicted),
            _ratios(hits, support),
            _ratios(2 * hits, support + predicted),
            support,
        )


def _ratios(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """Float64; what is 0 / 0 is 0."""
    return np.divide(parts, wholes, out=np.zeros(len(wholes)), where=wholes > 0)


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
