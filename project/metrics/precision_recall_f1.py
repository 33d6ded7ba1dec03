"""Precision, recall and F1: per class, and averaged over the classes."""

import numpy as np

from project.metrics._confusion import Confusion, Counts, ratios
from project.metrics._metric import Metric, Scores
from project.metrics._pixel_confusion import PixelCounts
from project.metrics._pixel_metric import PixelMetric

NAMES = ("precision", "recall", "f1")


class PrecisionRecallF1(Metric):
    """`precision`, `recall` and `f1` of each class, and their averages.

    Each is `precision_score(targets, preds, labels=range(n_classes), average=..., zero_division=0)`
    of all samples (`recall_score`, `f1_score`), bit for bit, with the average None, "macro" or
    "weighted". Without `labels`, scikit-learn leaves classes that occur in neither targets nor
    predictions out of the macro average; here they count as 0, so that the average of a small split
    is over the same classes as that of a large one.

    Under each name stands an array `(n_classes,)` float64 in [0, 1], under `<name>_macro` the mean
    over all classes, and under `<name>_weighted` the mean weighted by the classes' samples. What is
    0 / 0 is 0: precision of a class never predicted, recall of one that does not occur, F1 of one
    that is neither.
    """

    state = Confusion
    names = tuple(f"{name}_{average}" for name in NAMES for average in ("macro", "weighted"))
    class_names = NAMES

    def score(self, totals: Counts) -> Scores:
        *each, support = totals.of_classes
        scores: Scores = {}
        for name, values in zip(NAMES, each, strict=True):
            scores[name] = values
            # As scikit-learn does, which would count everything again for each average.
            scores[f"{name}_macro"] = float(np.average(values))
            scores[f"{name}_weighted"] = float(np.average(values, weights=support))
        return scores


class PixelPrecisionRecallF1(PixelMetric, PrecisionRecallF1):
    """`precision`, `recall` and `f1` of each class of pixels, and their averages.

    As scikit-learn's of all pixels but the ignored ones, bit for bit, with zero_division=0 and as
    `labels` the classes that are the target or the prediction of any pixel. All others are NaN, and
    left out of `<name>_macro`; `<name>_weighted` is weighted by the classes' pixels.
    """

    names = PrecisionRecallF1.names
    class_names = NAMES

    def score(self, totals: PixelCounts) -> Scores:
        hits, predicted, support = totals.sums
        each = (
            ratios(hits, predicted),
            ratios(hits, support),
            ratios(2 * hits, support + predicted),
        )
        scores: Scores = {}
        for name, values in zip(NAMES, each, strict=True):
            scores[name] = totals.spread(values)
            scores[f"{name}_macro"] = float(np.average(values))
            scores[f"{name}_weighted"] = float(np.average(values, weights=support))
        return scores
