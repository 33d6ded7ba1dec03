"""The Dice coefficient of pixels (Dice, 1945), which is F1."""

import numpy as np

from project.metrics._confusion import ratios
from project.metrics._metric import Scores
from project.metrics._pixel_confusion import PixelCounts
from project.metrics._pixel_metric import PixelMetric


class Dice(PixelMetric):
    """`dice` of each class in [0, 1], and `mean_dice`.

    `f1_score(targets, preds, labels=..., average=...)` of all pixels but the ignored ones, bit for
    bit, with the average None or "macro" and as labels the classes that are the target or the
    prediction of any pixel. All others are NaN, and left out of the mean.
    """

    names = ("mean_dice",)
    class_names = ("dice",)

    def score(self, totals: PixelCounts) -> Scores:
        hits, predicted, support = totals.sums
        dice = ratios(2 * hits, support + predicted)
        return {"dice": totals.spread(dice), "mean_dice": float(np.average(dice))}
