"""Borders between the classes of masks, which may count nowhere."""

import numpy as np


def bordered(masks: np.ndarray, width: int, ignored: int) -> np.ndarray:
    """Masks `(n, H, W)` uint8 whose pixels near another class are `ignored`.

    Args:
        masks: of classes.
        width: how near, in pixels along rows, columns and diagonals.
        ignored: the value.
    """
    low, high = masks, masks
    for axis in (1, 2):
        for _ in range(width):
            low, high = _spread(low, np.minimum, axis), _spread(high, np.maximum, axis)
    return np.where(low == high, masks, ignored).astype(np.uint8)


def _spread(values: np.ndarray, least: np.ufunc, axis: int) -> np.ndarray:
    """Each pixel with its two neighbours along an axis."""
    found = values.copy()
    inner, before = [slice(None)] * 3, [slice(None)] * 3
    inner[axis], before[axis] = slice(1, None), slice(None, -1)
    first, second = tuple(inner), tuple(before)
    least(found[first], values[second], out=found[first])
    least(found[second], values[first], out=found[second])
    return found
