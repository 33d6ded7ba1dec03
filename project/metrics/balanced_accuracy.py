"""Balanced accuracy: recall averaged over the classes that occur."""

from project.metrics._confusion import Confusion, Counts
from project.metrics._metric import Metric, Scores


class BalancedAccuracy(Metric):
    """`balanced_accuracy` in [0, 1]; a class without samples is left out of the average.

    `balanced_accuracy_score(targets, preds)` of all samples, bit for bit; that also warns where a
    class that does not occur is predicted.
    """

    state = Confusion
    names = ("balanced_accuracy",)

    def score(self, totals: Counts) -> Scores:
        _, recall, _, support = totals.of_classes
        return {"balanced_accuracy": float(recall[support > 0].mean())}
