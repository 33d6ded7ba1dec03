"""What the page has as x, and how it follows from what the store has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from project.comparison.epochs import Epochs


@dataclass(frozen=True)
class Axis:
    """What the page has as x, of one run.

    Attributes:
        kind: step, epoch or time.
        epochs: of the run, for that kind.
        started: unix ms from which times count, in seconds.
    """

    kind: str
    epochs: Epochs | None
    started: int

    def shown(self, x: np.ndarray) -> np.ndarray:
        """Steps or unix ms, as the store has them, as the page has them."""
        if self.kind == "time":
            return (x - self.started) / 1000
        return self.epochs.at(x) if self.epochs else x

    def stored(self, x: float) -> float:
        """The opposite of `shown`."""
        if self.kind == "time":
            return x * 1000 + self.started
        return self.epochs.step(x) if self.epochs else x
