"""The confusion matrix as state: every score of predicted classes follows from its counts."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from project.metrics._accumulators import Seen


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
class Counts:
    """A confusion matrix.

    Attributes:
        matrix: `(n_classes, n_classes)` int64; rows are targets, columns predictions.
    """

    matrix: np.ndarray

    @property
    def is_one_label(self) -> bool:
        """Whether all samples are of one class, and predicted as it."""
        return bool(self.matrix.trace() == self.matrix.sum() == self.matrix.diagonal().max())

    @cached_property
    def occurring(self) -> np.ndarray:
        """The matrix, as float64, of the classes that are a target or a prediction of any sample.

        scikit-learn's functions without `labels` see these alone, and round their sums accordingly.
        """
        there = np.flatnonzero(self.matrix.sum(0) + self.matrix.sum(1))
        return self.matrix[np.ix_(there, there)].astype(float)

    @cached_property
    def of_classes(self) -> OfClasses:
        """By scikit-learn's formulas, in its order; its checks take 50 times as long."""
        hits, predicted, support = self.matrix.diagonal(), self.matrix.sum(0), self.matrix.sum(1)
        return OfClasses(
            ratios(hits, predicted),
            ratios(hits, support),
            ratios(2 * hits, support + predicted),
            support,
        )


def ratios(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """Float64; what is 0 / 0 is 0."""
    return np.divide(parts, wholes, out=np.zeros(len(wholes)), where=wholes > 0)


class Confusion(Seen):
    """Counts of (target, prediction) pairs."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, counts=torch.zeros(n_classes**2, dtype=torch.int64))

    def count_samples(self, top: Tensor, preds: Tensor, raw_targets: Tensor) -> Tensor:
        targets = super().count_samples(top, preds, raw_targets)
        self.count("counts", preds.add_(targets, alpha=self.n_classes))
        return targets

    def read(self) -> Counts:
        super().read()
        return Counts(self.total("counts").cpu().numpy().reshape(self.n_classes, -1).copy())
