"""Many metrics as one, sharing their state."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch

from project.metrics._accumulators import Accumulator, Seen
from project.metrics._metric import Metric, Scores, Streaming

# Samples that a blank evaluation takes, of as many classes.
BLANK = 64


class Declared(NamedTuple):
    """What is known of a score before there is any.

    Attributes:
        better: which values are: `min`, `max`, or None for neither.
        of_classes: whether there is one for each class.
    """

    better: str | None
    of_classes: bool


class Collection(Streaming):
    """Metrics updated together; those that need the same sums share them, updated once a batch."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        metrics = list(metrics)
        shared: dict[tuple, Accumulator] = {}
        for own in (own for metric in metrics for own in metric.accumulators):
            shared.setdefault(own.kind, own)
        for own in list(shared.values()):
            if isinstance(own, Seen) and type(own) is not Seen:
                # It tells all that a plain one would.
                shared[Seen, own.n_classes] = own
        for metric in metrics:
            metric.hold(*(shared[own.kind] for own in metric.accumulators))
        super().__init__(metrics[0].n_classes, *dict.fromkeys(shared.values()))
        assert all(metric.n_classes == self.n_classes for metric in metrics)
        # They hold nothing but the accumulators, which are modules of this one already.
        self.metrics = tuple(metrics)

    def compute(self) -> Scores:
        """All scores, as of `Metric.compute`.

        Raises:
            ValueError: as of `Metric.compute`.
        """
        scores: Scores = {}
        for metric, own in self._computed():
            assert not scores.keys() & own.keys(), f"{type(metric).__name__} repeats a name"
            scores |= own
        return scores

    def declared(self) -> dict[str, Declared]:
        """Every score that there will be, by name; tables, which are for figures, are none.

        Names follow from a blank evaluation, so samples that were added before are forgotten.
        """
        n = min(self.n_classes, BLANK)
        self.reset()
        self.update(torch.eye(n, self.n_classes), torch.arange(n))
        found = {
            name: Declared(metric.better(name), np.ndim(value) == 1)
            for metric, own in self._computed()
            for name, value in own.items()
            if np.ndim(value) < 2
        }
        self.reset()
        return found

    def _computed(self) -> list[tuple[Metric, Scores]]:
        totals = {accumulator: accumulator.read() for accumulator in self._each}
        return [(metric, metric.score(totals[metric.source])) for metric in self.metrics]
