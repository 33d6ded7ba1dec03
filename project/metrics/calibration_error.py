"""Expected calibration error: how far confidence lies from accuracy (Guo et al., 2017)."""

import numpy as np
import torch

from project.metrics._binned import Binned, gap, means
from project.metrics._metric import Metric, Scores
from project.metrics._pixel_metric import PixelMetric
from project.metrics._pixels import Pixels
from project.metrics._predictions import Predictions

N_BINS = 15


class CalibrationBins(Binned):
    """Samples, confidence and correct predictions in equal bins of confidence.

    Confidence is the largest probability.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, N_BINS)

    def add(self, batch: Predictions) -> None:
        confidence = batch.probs.gather(1, batch.preds.unsqueeze(1)).view(-1)
        bins = torch.bucketize(confidence, self.constants["edges"])
        self.fill(bins, confidence, batch.preds == batch.targets)


class CalibrationError(Metric):
    """`calibration_error` in [0, 1]: |accuracy - mean confidence| of 15 bins, weighted by samples.

    `calibration_bins` `(15, 3)` float64 is for the reliability figure: samples, mean confidence and
    accuracy of each bin, the latter two NaN where a bin is empty. Empty bins do not count.
    """

    state = CalibrationBins
    names = ("calibration_error",)
    tables = ("calibration_bins",)
    less_is_better = frozenset({"calibration_error"})

    def score(self, totals: np.ndarray) -> Scores:
        return {"calibration_error": gap(totals), "calibration_bins": means(totals)}


class PixelCalibrationBins(Binned):
    """As `CalibrationBins`, of all pixels but the ignored ones."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, N_BINS, more=1)

    def add(self, batch: Pixels) -> None:
        confidence = batch.certainty.confidence
        self.fill(batch.bins(confidence, N_BINS), confidence, batch.right)


class PixelCalibrationError(PixelMetric, CalibrationError):
    """`calibration_error` in [0, 1], of all pixels but the ignored ones, by a float32 softmax.

    `calibration_bins` `(15, 3)` float64 is as of classification.
    """

    state = PixelCalibrationBins
