"""Brier score: the squared distance of the probabilities from the one-hot target (Brier, 1950)."""

import torch

from project.metrics._accumulators import Accumulator
from project.metrics._metric import Metric, Scores
from project.metrics._predictions import Predictions


class SquaredErrors(Accumulator):
    """The sum over samples and classes of (p - one-hot target)^2, and the number of samples."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(
            n_classes,
            errors=torch.zeros((), dtype=torch.float64),
            samples=torch.zeros((), dtype=torch.int64),
        )

    def add(self, batch: Predictions) -> None:
        own = batch.of_target(batch.probs)
        flat = batch.probs.view(-1)
        # sum (p - t)^2 = sum p^2 - 2 p of the target + 1
        self.sums["errors"] += flat.dot(flat).sub_(own.sum(), alpha=2).add_(len(own))
        self.sums["samples"] += len(own)

    def read(self) -> float:
        return float(self.total("errors")) / int(self.total("samples"))


class Brier(Metric):
    """`brier` in [0, 2]; with two classes halved to [0, 1], as by `brier_score_loss`.

    Within 1e-12 of scikit-learn's on the float64 probabilities of all samples.
    """

    state = SquaredErrors
    names = ("brier",)
    less_is_better = frozenset({"brier"})

    def score(self, totals: float) -> Scores:
        return {"brier": totals / 2 if self.n_classes == 2 else totals}
