"""The curve of a range test: smoothed, and where it falls most steeply."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Powers of ten: the standard deviation of the weights by which points near a rate count.
WIDTH = 0.2
# Standard errors by which a slope must be below 0, and deviations of noise that the loss must fall.
SURE, FALL = 2.0, 3.0


class Curve(NamedTuple):
    """A smoothed curve of the loss over the learning rate, each array `(n,)` float64.

    Attributes:
        rates: as tried.
        losses: as measured.
        smoothed: the value, at each rate, of the line that fits the losses around it best.
        slopes: of that line, in loss per power of ten of the rate.
        errors: standard errors of the slopes, by how far the losses are from the line.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    slopes: np.ndarray
    errors: np.ndarray

    @property
    def noise(self) -> float:
        """How far losses are from the smoothed ones: the standard deviation, of most of them."""
        return float(np.median(np.abs(self.losses - self.smoothed))) / 0.6745

    def steepest(self) -> int | None:
        """The index of the steepest descent before the least loss; None: it does not really fall.

        What counts is how steep the curve is at least, two standard errors of the slope less than
        it seems: at the ends, where a line has points on one side only, chance makes steep ones.
        """
        least = int(self.smoothed.argmin())
        at_least = (self.slopes + SURE * self.errors)[: least + 1]
        at = int(at_least.argmin())
        fall = self.smoothed[: at + 1].max() - self.smoothed[least]
        return at if at_least[at] < 0 and fall > FALL * self.noise else None


def smooth(
    rates: Sequence[float], losses: Sequence[float], sizes: Sequence[int], width: float = WIDTH
) -> Curve:
    """Fit a line around each rate, by least squares in log10(rate).

    A point counts by the size of its batch and a Gaussian of its distance: local linear regression
    (Cleveland 1979), which, unlike a running mean, does not lag behind.

    Args:
        rates: ascending, at least 4.
        losses: of each.
        sizes: samples of each batch.
        width: standard deviation of the Gaussian, in powers of ten; no less than a step between
            rates, so that each line has some points.
    """
    x, y = np.log10(rates), np.asarray(losses, dtype=np.float64)
    away = x - x[:, None]
    width = max(width, float(np.diff(x).max()))
    weights = np.exp(-((away / width) ** 2) / 2) * np.asarray(sizes)
    weights /= weights.sum(1, keepdims=True)
    mean_x, mean_y = (weights * away).sum(1), weights @ y
    centred = away - mean_x[:, None]
    spread = (weights * centred**2).sum(1)
    slopes = (weights * centred) @ y / spread
    off = y - mean_y[:, None] - slopes[:, None] * centred
    # As many points alike would count as much; two of them are the line's own.
    counted = 1 / (weights**2).sum(1)
    variance = (weights * off**2).sum(1) * counted / np.maximum(counted - 2, 0.5)
    errors = np.sqrt(variance * (weights**2 * centred**2).sum(1)) / spread
    return Curve(np.asarray(rates), y, mean_y - slopes * mean_x, slopes, errors)
