"""Matthews correlation coefficient of predictions and targets, for any number of classes."""

import math

from project.metrics._confusion import Confusion, Counts
from project.metrics._metric import Metric, Scores


class Matthews(Metric):
    """`matthews` in [-1, 1] (Gorodkin, 2004): `matthews_corrcoef(targets, preds)`, bit for bit.

    0, as in scikit-learn, where all targets or all predictions are of one class. Classes that never
    occur change nothing.
    """

    state = Confusion
    names = ("matthews",)

    def score(self, totals: Counts) -> Scores:
        # The operations of `matthews_corrcoef` in their order; its checks take 50 times as long.
        matrix = totals.occurring
        targets, preds, n = matrix.sum(1), matrix.sum(0), matrix.sum()
        covariance = matrix.trace() * n - targets.dot(preds)
        variances = (n**2 - preds.dot(preds)) * (n**2 - targets.dot(targets))
        return {"matthews": float(covariance / math.sqrt(variances)) if variances else 0.0}
