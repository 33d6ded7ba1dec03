"""Accuracy: the fraction of samples predicted as their class."""

from sklearn.metrics import accuracy_score

from project.metrics._confusion import Cells, Confusion
from project.metrics._metric import Metric, Scores


class Accuracy(Metric):
    """`accuracy` in [0, 1], equal to scikit-learn's on all samples."""

    state = Confusion

    def score(self, totals: Cells) -> Scores:
        targets, preds, counts = totals.targets, totals.preds, totals.counts
        return {"accuracy": accuracy_score(targets, preds, sample_weight=counts)}
