"""Uncertainty: the entropy of predictions, and how far it lies from how often they are wrong."""

import math

import numpy as np
import torch

from project.metrics._binned import Binned, gap, means
from project.metrics._metric import Metric, Scores
from project.metrics._pixel_metric import PixelMetric
from project.metrics._pixels import Pixels
from project.metrics._predictions import Predictions

N_BINS = 10
# Of a class with less, exp(log p) is 0, and so is its part of the entropy; -inf would make it NaN.
LEAST_LOG_PROB = -1e3


class EntropyBins(Binned):
    """Samples, entropy and wrong predictions in equal bins of entropy.

    Entropy is -sum p ln p / ln n_classes, from 0 to 1.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, N_BINS)

    def add(self, batch: Predictions) -> None:
        products = batch.log_probs.clamp(min=LEAST_LOG_PROB).mul_(batch.probs)
        entropy = products.sum(1).div_(-math.log(self.n_classes))
        bins = torch.bucketize(entropy, self.constants["edges"])
        self.fill(bins, entropy, batch.preds != batch.targets)


class Uncertainty(Metric):
    """`uce` in [0, 1]: |error rate - mean entropy| of 10 bins, weighted by samples.

    The uncertainty calibration error of Laves et al. (2020, arXiv 2006.11584), of equal bins (lo,
    hi] of the entropy H = -sum p ln p / ln n_classes; `mean_entropy` in [0, 1] is the mean of H.
    Within 1e-12 of NumPy's on the float64 probabilities of all samples.

    `uncertainty_bins` `(10, 3)` float64 is for a figure: samples, mean entropy and error rate of
    each bin, the latter two NaN where a bin is empty. Empty bins do not count.
    """

    state = EntropyBins
    names = ("uce", "mean_entropy")
    tables = ("uncertainty_bins",)
    less_is_better = frozenset({"uce"})
    neither_is_better = frozenset({"mean_entropy"})

    def score(self, totals: np.ndarray) -> Scores:
        samples, entropy, _ = totals.sum(0)
        return {
            "uce": gap(totals),
            "mean_entropy": float(entropy / samples),
            "uncertainty_bins": means(totals),
        }


class PixelEntropyBins(Binned):
    """As `EntropyBins`, of all pixels but the ignored ones."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes, N_BINS, more=1)

    def add(self, batch: Pixels) -> None:
        entropy = batch.certainty.entropy
        self.fill(batch.bins(entropy, N_BINS), entropy, ~batch.right)


class PixelUncertainty(PixelMetric, Uncertainty):
    """`uce` and `mean_entropy` in [0, 1], of all pixels but the ignored ones, by a float32 softmax.

    `uncertainty_bins` `(10, 3)` float64 is as of classification.
    """

    state = PixelEntropyBins
