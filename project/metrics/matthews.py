"""Matthews correlation coefficient of predictions and targets, for any number of classes."""

from sklearn.metrics import matthews_corrcoef

from project.metrics._confusion import Cells, Confusion
from project.metrics._metric import Metric, Scores


class Matthews(Metric):
    """`matthews` in [-1, 1] (Gorodkin, 2004), equal to scikit-learn's on all samples.

    0, as in scikit-learn, where all targets or all predictions are of one class. Classes that never
    occur change nothing.
    """

    state = Confusion

    def score(self, totals: Cells) -> Scores:
        if totals.is_one_label:
            return {"matthews": 0.0}
        targets, preds, counts = totals.targets, totals.preds, totals.counts
        return {"matthews": matthews_corrcoef(targets, preds, sample_weight=counts)}
