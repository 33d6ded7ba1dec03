"""Pixel accuracy: the fraction of pixels predicted as their class."""

from project.metrics._metric import Scores
from project.metrics._pixel_confusion import PixelCounts
from project.metrics._pixel_metric import PixelMetric


class PixelAccuracy(PixelMetric):
    """`pixel_accuracy` in [0, 1]: `accuracy_score` of all pixels but the ignored ones, exactly."""

    names = ("pixel_accuracy",)

    def score(self, totals: PixelCounts) -> Scores:
        return {"pixel_accuracy": float(totals.matrix.trace() / totals.matrix.sum())}
