"""Balanced accuracy: recall averaged over the classes that occur."""

import numpy as np
from sklearn.metrics import recall_score

from project.metrics._confusion import Cells, Confusion
from project.metrics._metric import Metric, Scores


class BalancedAccuracy(Metric):
    """`balanced_accuracy` in [0, 1]; a class without samples is left out of the average.

    Equal to scikit-learn's `balanced_accuracy_score` on all samples, which warns where a class that
    does not occur is predicted; `recall_score` of the classes that occur is the same and does not.
    """

    state = Confusion

    def score(self, totals: Cells) -> Scores:
        recall = recall_score(
            totals.targets,
            totals.preds,
            labels=np.flatnonzero(totals.matrix.sum(1)),
            average="macro",
            sample_weight=totals.counts,
            zero_division=0,
        )
        return {"balanced_accuracy": float(recall)}
