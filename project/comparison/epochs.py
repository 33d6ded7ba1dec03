"""Epochs of a run as a function of its steps, with fractions within an epoch."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Epochs:
    """Epochs that were over, by the step: linear between known points, and beyond them.

    Attributes:
        steps, epochs: the known points, two or more; both rise strictly.
    """

    steps: np.ndarray
    epochs: np.ndarray

    def at(self, steps: np.ndarray) -> np.ndarray:
        """The epochs at these steps, with fractions."""
        return _extended(steps, self.steps, self.epochs)

    def step(self, epoch: float) -> float:
        """The step at an epoch."""
        return float(_extended(np.array([epoch]), self.epochs, self.steps)[0])


def logged_epochs(points: Iterable[tuple[int, int]]) -> Epochs | None:
    """The epochs of a run from what it logged: an epoch ends with its last step.

    Args:
        points: (step, epoch), epochs from 0, in order.
    Returns:
        Each epoch's end but that of the last, which may not be over, if there is an earlier one;
        None if the run has taken no step.
    """
    ends: dict[int, int] = {}
    last = 0
    for step, epoch in points:
        # A test after the last step belongs to an epoch that never began.
        if step > last:
            ends[epoch] = last = step
    known = [(step, epoch + 1) for epoch, step in ends.items()]
    points = [(0, 0), *(known[:-1] or known)]
    return Epochs(*np.array(points, dtype=float).T) if known else None


def _extended(x: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Linear interpolation, and extrapolation with the slope of the first and last pieces."""
    piece = np.clip(np.searchsorted(xs, x) - 1, 0, len(xs) - 2)
    slope = (ys[piece + 1] - ys[piece]) / (xs[piece + 1] - xs[piece])
    return ys[piece] + (x - xs[piece]) * slope
