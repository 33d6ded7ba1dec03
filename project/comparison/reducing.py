"""Which points of a long curve are drawn: the least and the greatest of each of its stretches."""

from itertools import pairwise

import numpy as np


def extremes(values: np.ndarray, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a curve into stretches of about as many points each.

    Args:
        values: (n,), finite.
        buckets: How many stretches, if there are as many points.
    Returns:
        `kept`, the rising indices of each stretch's least and greatest value and of both ends, at
        most 2 * buckets + 2; `starts`, the indices at which stretches begin.
    """
    n = len(values)
    starts = np.unique(np.linspace(0, n, min(buckets, n), endpoint=False).astype(int))
    kept = {0, n - 1} if n else set()
    for start, end in pairwise([*starts.tolist(), n]):
        part = values[start:end]
        kept |= {start + int(part.argmin()), start + int(part.argmax())}
    return np.array(sorted(kept), dtype=int), starts
