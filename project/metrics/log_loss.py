"""Log loss: the mean of -log p of the target, in nats."""

import math
import sys

import torch

from project.metrics._accumulators import Accumulator
from project.metrics._metric import Metric, Scores
from project.metrics._predictions import Predictions

# Where scikit-learn's `log_loss` clips probabilities: the epsilon of float64.
LEAST_LOG_PROB = math.log(sys.float_info.epsilon)


class LogLosses(Accumulator):
    """The sum of -log p of the targets, and the number of samples."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(
            n_classes,
            losses=torch.zeros((), dtype=torch.float64),
            samples=torch.zeros((), dtype=torch.int64),
        )

    def add(self, batch: Predictions) -> None:
        own = batch.of_target(batch.log_probs)
        self.sums["losses"] -= own.clamp_(min=LEAST_LOG_PROB).sum()
        self.sums["samples"] += len(own)

    def read(self) -> float:
        return float(self.total("losses")) / int(self.total("samples"))


class LogLoss(Metric):
    """`log_loss` in [0, 36.05] nats.

    Relatively within 1e-12 of scikit-learn's on the float64 probabilities of all samples; as there,
    a probability below 2.2e-16 counts as that.
    """

    state = LogLosses
    names = ("log_loss",)
    less_is_better = frozenset({"log_loss"})

    def score(self, totals: float) -> Scores:
        return {"log_loss": totals}
