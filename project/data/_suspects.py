"""Which of many pictures may be the same as another, by their glimpses alone."""

import numpy as np

from project.data._glimpses import REDUCED


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
    sizes = glimpses["size"].astype(np.uint64) @ np.array([1 << 32, 1], np.uint64)
    coarse = glimpses["coarse"].astype(np.int16)
    light = coarse.mean(axis=1)
    shared = np.flatnonzero(np.isin(sizes, np.intersect1d(sizes[reduced], sizes[~reduced])))
    order = shared[np.lexsort((light[shared], sizes[shared]))]
    starts = np.flatnonzero(np.diff(sizes[order])) + 1
    for same_size in np.split(order, starts):
        parts, wholes = same_size[reduced[same_size]], same_size[~reduced[same_size]]
        ends = [np.searchsorted(light[parts], light[wholes] + d) for d in (-tolerance, tolerance)]
        for whole, start, end in zip(wholes, *ends, strict=True):
            near = parts[start:end]
            off = np.abs(coarse[near] - coarse[whole]).max(axis=1, initial=0)
            near = near[off <= tolerance]
            may[near] = True
            may[whole] |= len(near) > 0
