"""Cohen's kappa: agreement of predictions and targets beyond what chance gives (Cohen, 1960)."""

import math

import numpy as np

from project.metrics._confusion import Confusion, Counts
from project.metrics._metric import Metric, Scores
from project.metrics._pixel_metric import PixelMetric


class CohenKappa(Metric):
    """`cohen_kappa` in [-1, 1]: `cohen_kappa_score(targets, preds)` of all samples, bit for bit.

    NaN, as in scikit-learn, where all samples are of one class and predicted as it: chance agrees
    fully then. Classes that never occur change nothing, not even the last bit.
    """

    state = Confusion
    names = ("cohen_kappa",)

    def score(self, totals: Counts) -> Scores:
        if totals.is_one_label:
            return {"cohen_kappa": math.nan}
        # The operations of `cohen_kappa_score` in their order; its checks take 50 times as long.
        observed = totals.occurring.copy()
        by_chance = np.outer(observed.sum(0), observed.sum(1)) / observed.sum()
        for matrix in (observed, by_chance):
            np.fill_diagonal(matrix, 0)
        return {"cohen_kappa": float(1 - observed.sum() / by_chance.sum())}


class PixelCohenKappa(PixelMetric, CohenKappa):
    """`cohen_kappa` in [-1, 1], of all pixels but the ignored ones."""
