"""What an exported file answers otherwise than the model did, counted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Where the two largest probabilities are closer than this, either decision is as good.
NEAR_TIE = 1e-6


@dataclass
class Tally:
    """The differences in one way of asking.

    Attributes:
        batch: images at once; 0: as many as the run's test had.
        images: asked for.
        decisions: of images, or of their pixels.
        changed: of these, others than the model's.
        near_ties: of the changed ones, those between classes whose probabilities are equal but for
            less than 1e-6.
        largest: difference of a probability; infinite where one is NaN.
    """

    batch: int
    images: int = 0
    decisions: int = 0
    changed: int = 0
    near_ties: int = 0
    largest: float = 0.0

    @property
    def wrong(self) -> int:
        """Changed decisions that no near tie explains."""
        return self.changed - self.near_ties

    def add(
        self,
        expected: tuple[np.ndarray, np.ndarray],
        found: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """Count a batch.

        Args:
            expected: the model's probabilities `(b, n_classes, ...)` and decisions `(b, ...)`.
            found: the file's.

        Raises:
            RuntimeError: the file's are of another shape.
        """
        (probs, decisions), (their_probs, theirs) = expected, found
        if their_probs.shape != probs.shape or theirs.shape != decisions.shape:
            shapes = [x.shape for x in (their_probs, theirs, probs, decisions)]
            raise RuntimeError("it gave {} and {}, not {} and {}".format(*shapes))
        self.images += len(decisions)
        self.decisions += decisions.size
        other = decisions != theirs
        self.changed += int(other.sum())
        if other.any():
            top = np.sort(np.moveaxis(probs, 1, -1)[other], axis=-1)
            self.near_ties += int((top[:, -1] - top[:, -2] < NEAR_TIE).sum())
        if probs.size:
            apart = np.abs(probs.astype(np.float64) - their_probs).max()
            self.largest = max(self.largest, float("inf") if np.isnan(apart) else float(apart))

    def describe(self) -> dict[str, Any]:
        """As `proof.json` has it."""
        return vars(self) | {"wrong": self.wrong}
