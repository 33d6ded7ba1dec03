"""The confusion matrix itself."""

from project.metrics._confusion import Confusion, Counts
from project.metrics._metric import Metric, Scores
from project.metrics._pixel_metric import PixelMetric


class ConfusionMatrix(Metric):
    """`confusion_matrix` `(n_classes, n_classes)` int64: rows are targets, columns predictions.

    `confusion_matrix(targets, preds, labels=range(n_classes))` of all samples.
    A class that never occurs has a row of zeros. The prediction is the largest logit's class, the
    first of equals.
    """

    state = Confusion
    tables = ("confusion_matrix",)

    def score(self, totals: Counts) -> Scores:
        return {"confusion_matrix": totals.matrix}


class PixelConfusionMatrix(PixelMetric, ConfusionMatrix):
    """`confusion_matrix` `(n_classes, n_classes)` int64, of all pixels but the ignored ones."""
