"""Cohen's kappa: agreement of predictions and targets beyond what chance gives (Cohen, 1960)."""

import math

from sklearn.metrics import cohen_kappa_score

from project.metrics._confusion import Cells, Confusion
from project.metrics._metric import Metric, Scores


class CohenKappa(Metric):
    """`cohen_kappa` in [-1, 1], equal to scikit-learn's on all samples.

    NaN, as in scikit-learn, where all samples are of one class and predicted as it: chance agrees
    fully then. Classes that never occur change nothing.
    """

    state = Confusion

    def score(self, totals: Cells) -> Scores:
        if totals.is_one_label:
            return {"cohen_kappa": math.nan}
        kappa = cohen_kappa_score(
            totals.targets, totals.preds, labels=totals.labels, sample_weight=totals.counts
        )
        return {"cohen_kappa": float(kappa)}
