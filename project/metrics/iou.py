"""Intersection over union, also called the Jaccard index (Jaccard, 1901)."""

import numpy as np

from project.metrics._confusion import ratios
from project.metrics._metric import Scores
from project.metrics._pixel_confusion import PixelCounts
from project.metrics._pixel_metric import PixelMetric


class IoU(PixelMetric):
    """`iou` of each class in [0, 1], `mean_iou`, and `frequency_weighted_iou`, by class's pixels.

    `jaccard_score(targets, preds, labels=..., average=...)` of all pixels but the ignored ones, bit
    for bit, with the average None, "macro" or "weighted" and as labels the classes that are the
    target or the prediction of any pixel. All others are NaN, and left out of the means.
    """

    names = ("mean_iou", "frequency_weighted_iou")
    class_names = ("iou",)

    def score(self, totals: PixelCounts) -> Scores:
        hits, predicted, support = totals.sums
        iou = ratios(hits, predicted + support - hits)
        return {
            "iou": totals.spread(iou),
            "mean_iou": float(np.average(iou)),
            "frequency_weighted_iou": float(np.average(iou, weights=support)),
        }
