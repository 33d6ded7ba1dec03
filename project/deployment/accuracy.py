"""How much accuracy changes from one model to another on the same samples, with its interval."""

import math
from typing import Any

import numpy as np

from project.values import IGNORED

NORMAL_95 = 1.959963984540054


class Drop:
    """Paired differences: of each sample, how right the one and the other decide.

    A sample is right or not; of masks, it is the share of its pixels that are, without ignored
    ones; samples all of which is ignored don't count.
    """

    def __init__(self) -> None:
        self.n = self.changed = 0
        self._sums = np.zeros(2)  # of the former and of the new
        self._sum = self._squares = 0.0

    def add(self, targets: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
        """Count a batch: integers `(b, ...)` of one shape."""
        each = [x.reshape(len(targets), -1) for x in (targets, before, after)]
        targets, before, after = each
        kept = targets != IGNORED if targets.shape[1] > 1 else np.ones(targets.shape, bool)
        counts = kept.sum(1)
        some = counts > 0
        right = [((x == targets) & kept).sum(1)[some] / counts[some] for x in (before, after)]
        differences = right[1] - right[0]
        self.n += int(some.sum())
        self.changed += int((before != after).any(1).sum())
        self._sums += [x.sum() for x in right]
        self._sum += float(differences.sum())
        self._squares += float((differences**2).sum())

    @property
    def value(self) -> float:
        """Of the accuracy: the former less the new; above 0 it is worse."""
        return 0.0 - self._sum / max(self.n, 1)

    @property
    def accuracies(self) -> tuple[float, float]:
        """Of the former and of the new."""
        before, after = self._sums / max(self.n, 1)
        return float(before), float(after)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the drop, for other samples of the same kind.

        The interval of Agresti and Min, "Simple improved confidence intervals for comparing matched
        proportions", 2005: Wald's, with half a sample added to each of the four outcomes.
        """
        n = self.n + 2
        mean = self._sum / n
        spread = math.sqrt(max(0.0, ((self._squares + 1) / n - mean**2) / n))
        return max(-1.0, -mean - NORMAL_95 * spread), min(1.0, -mean + NORMAL_95 * spread)

    def describe(self) -> dict[str, Any]:
        """As `proof.json` has it."""
        before, after = self.accuracies
        found = {"model": before, "file": after, "drop": self.value, "interval": self.interval}
        return found | {"changed_samples": self.changed, "samples": self.n}
