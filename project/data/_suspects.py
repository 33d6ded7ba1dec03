"""Which of many pictures may be the same as another, by their glimpses alone."""

import numpy as np

from project.data.glimpses import REDUCED


def suspects(glimpses: np.ndarray, size: int) -> np.ndarray:
    """Indices of the pictures, among `(n,)` glimpses, that may be the same as another of them.

    Pairs that are the same are all among them, with few that are not.

    Args:
        glimpses: of dtype GLIMPSE.
        size: pixels a side of the squares that they were taken of.
    """
    _, inverse, counts = np.unique(glimpses["key"], return_inverse=True, return_counts=True)
    may = counts[inverse] > 1
    reduced = glimpses["flags"] & REDUCED > 0
    if reduced.any() and not reduced.all():
        _add_near(glimpses, reduced, tolerance(size), may)
    return np.flatnonzero(may)


def tolerance(size: int) -> int:
    """Levels of 255 by which the means of a square's quarters may be off in a JPEG decoded in part.

    Its sides are rounded up to whole pixels of an eighth, which counts the more the fewer they are.
    The largest of 360 differences, of patterns of random colours, was half of this.
    """
    return 8 + 128 // size


def _add_near(glimpses: np.ndarray, reduced: np.ndarray, tolerance: int, may: np.ndarray) -> None:
    """Those decoded in part that are like one decoded whole, of the same size; and that one."""
    # Slow to import, and few folders need it.
    from scipy.spatial import KDTree

    numbers = glimpses["size"].astype(np.uint64) @ np.array([1 << 32, 1], np.uint64)
    shared = np.isin(numbers, np.intersect1d(numbers[reduced], numbers[~reduced]))
    parts, wholes = np.flatnonzero(shared & reduced), np.flatnonzero(shared & ~reduced)

    def points(rows: np.ndarray) -> np.ndarray:
        # Sizes that differ by a pixel are farther apart than what is near.
        return np.hstack([glimpses["coarse"][rows], glimpses["size"][rows] * (2.0 * tolerance)])

    for some, others in ((parts, wholes), (wholes, parts)):
        nearest, _ = KDTree(points(others)).query(
            points(some), p=np.inf, distance_upper_bound=tolerance + 1, workers=-1
        )
        may[some] |= np.isfinite(nearest)
