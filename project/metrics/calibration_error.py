"""Expected calibration error: how far confidence lies from accuracy (Guo et al., 2017)."""

import numpy as np
import torch

from project.metrics._accumulators import Accumulator
from project.metrics._metric import Metric, Scores
from project.metrics._predictions import Predictions

N_BINS = 15


class CalibrationBins(Accumulator):
    """Samples, confidence and correct predictions in equal-width bins of confidence.

    Confidence is the largest probability. Bins are (i / 15, (i + 1) / 15], with the edges of
    scikit-learn's `calibration_curve`.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__(
            n_classes,
            samples=torch.zeros(N_BINS, dtype=torch.int64),
            confidence=torch.zeros(N_BINS, dtype=torch.float64),
            correct=torch.zeros(N_BINS, dtype=torch.int64),
        )
        self.constants["edges"] = torch.from_numpy(np.linspace(0, 1, N_BINS + 1)[1:-1].copy())

    def add(self, batch: Predictions) -> None:
        confidence = batch.probs.gather(1, batch.preds.unsqueeze(1)).view(-1)
        bins = torch.bucketize(confidence, self.constants["edges"])
        self.count("samples", bins)
        self.sums["confidence"].index_add_(0, bins, confidence)
        self.sums["correct"].index_add_(0, bins, (batch.preds == batch.targets).long())

    def read(self) -> np.ndarray:
        names = ("samples", "confidence", "correct")
        return np.stack([self.total(name).cpu().numpy().astype(float) for name in names], 1)


class CalibrationError(Metric):
    """`calibration_error` in [0, 1]: |accuracy - mean confidence| of 15 bins, weighted by samples.

    `calibration_bins` `(15, 3)` float64 is for the reliability figure: samples, mean confidence and
    accuracy of each bin, the latter two NaN where a bin is empty. Empty bins do not count.
    """

    state = CalibrationBins
    less_is_better = frozenset({"calibration_error"})

    def score(self, totals: np.ndarray) -> Scores:
        samples, confidence, correct = totals.T
        means = np.full((N_BINS, 2), np.nan)
        used = samples > 0
        means[used] = totals[used, 1:] / samples[used, None]
        return {
            "calibration_error": float(np.abs(correct - confidence).sum() / samples.sum()),
            "calibration_bins": np.column_stack([samples, means]),
        }
