"""Top-k accuracy: the fraction of samples whose class is among the k largest logits."""

import torch

from project.metrics._accumulators import Accumulator
from project.metrics._metric import Declared, Metric, Scores
from project.metrics._predictions import Predictions


class TopHits(Accumulator):
    """Samples, and those of them whose class is among the k largest logits.

    Of equal logits the later class ranks higher, as in scikit-learn's `top_k_accuracy_score`.
    """

    def __init__(self, n_classes: int, k: int) -> None:
        names = ("hits", "samples")
        zeros = {name: torch.zeros((), dtype=torch.int64) for name in names}
        super().__init__(n_classes, k, **zeros)
        self.k = k
        self.constants["classes"] = torch.arange(n_classes)

    def add(self, batch: Predictions) -> None:
        logits, own = batch.logits, batch.of_target(batch.logits)
        later = self.constants["classes"] > batch.targets.unsqueeze(1)
        ahead = (logits > own).logical_or_((logits == own).logical_and_(later))
        self.sums["hits"] += (ahead.sum(1) < self.k).sum()
        self.sums["samples"] += len(logits)

    def read(self) -> float:
        return int(self.total("hits")) / int(self.total("samples"))


class TopKAccuracy(Metric):
    """`top5_accuracy` (for k = 5) in [0, 1].

    `top_k_accuracy_score(targets, logits, k=5, labels=range(n_classes))` of all samples, bit for
    bit; of equal logits, too. With k classes or fewer every sample is a hit, which tells nothing:
    there is no score then.
    """

    state = TopHits

    def __init__(self, n_classes: int, k: int = 5) -> None:
        super().__init__(n_classes, k)
        self.k = k

    def declared(self) -> dict[str, Declared]:
        score = f"top{self.k}_accuracy"
        return {score: Declared("max", False)} if self.k < self.n_classes else {}

    def score(self, totals: float) -> Scores:
        return {f"top{self.k}_accuracy": totals} if self.k < self.n_classes else {}
