"""What was measured: errors by number of samples, size of the model and seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Point:
    """A run's error.

    Attributes:
        samples: that trained it.
        size: parameters of its model.
        seed: of the run.
        error: the share of validation samples that it got wrong.
        run: its id.
    """

    samples: int
    size: int
    seed: int
    error: float
    run: str = ""


class Cells(NamedTuple):
    """The points of equal samples and size together, ordered by these.

    Attributes:
        samples: `(N,)` float64; a mean, where classes make seeds differ by some samples.
        sizes: `(N,)` float64.
        errors: `(N,)` float64, the mean over seeds.
        counts: `(N,)` int64, how many seeds.
        of_point: `(P,)` int64, which cell each point is in.
    """

    samples: np.ndarray
    sizes: np.ndarray
    errors: np.ndarray
    counts: np.ndarray
    of_point: np.ndarray


def cells_of(points: Sequence[Point]) -> Cells:
    """Put together what differs in the seed alone."""
    keys = sorted({(p.size, p.samples) for p in points})
    index = {key: i for i, key in enumerate(keys)}
    of_point = np.array([index[p.size, p.samples] for p in points])
    counts = np.bincount(of_point)
    errors = np.bincount(of_point, [p.error for p in points]) / counts
    sizes, samples = np.array(keys, float).T
    return Cells(samples, sizes, errors, counts, of_point)


def measurable(points: Sequence[Point]) -> list[Point]:
    """Those of cells with any error: from 0 no relative difference can be taken."""
    wrong = {(p.size, p.samples) for p in points if p.error > 0}
    return [p for p in points if (p.size, p.samples) in wrong]
