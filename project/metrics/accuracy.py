"""Accuracy: the fraction of samples predicted as their class."""

from project.metrics._confusion import Confusion, Counts
from project.metrics._metric import Metric, Scores


class Accuracy(Metric):
    """`accuracy` in [0, 1]: `accuracy_score(targets, preds)` of all samples, bit for bit."""

    state = Confusion
    names = ("accuracy",)

    def score(self, totals: Counts) -> Scores:
        return {"accuracy": float(totals.matrix.trace() / totals.matrix.sum())}
