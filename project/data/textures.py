"""Textures of real pictures, the two that scikit-learn ships: no pixel of them is in two splits."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_sample_image

N_DRAWS = 4  # whole numbers that a crop is made of
_NAMES = ("china.jpg", "flower.jpg")


class Region(NamedTuple):
    """A part of a picture: its rows and columns, from and up to (without)."""

    picture: int
    rows: tuple[int, int]
    columns: tuple[int, int]


# Of a temple among trees above a lake (0) and a flower before leaves (1), without the plain sky.
REGIONS: Mapping[str, tuple[Region, ...]] = {
    "train": (Region(0, (60, 427), (0, 330)), Region(1, (80, 427), (150, 320))),
    "val": (Region(0, (130, 427), (330, 450)), Region(1, (80, 427), (320, 390))),
    "test": (Region(0, (130, 427), (450, 640)), Region(1, (80, 427), (390, 460))),
}


@cache
def pictures() -> np.ndarray:
    """`(2, 427, 640, 3)` uint8.

    Source: scikit-learn's `china.jpg` and `flower.jpg`, by V. Koumpouros and dany13.
    """
    return np.stack([load_sample_image(name) for name in _NAMES])


@cache
def _recoloured() -> np.ndarray:
    """The pictures with red, green and blue in each of the 6 orders: `(12, 427, 640, 3)`."""
    return np.concatenate([pictures()[..., order] for order in permutations(range(3))])


def crops(
    source: np.ndarray, regions: Sequence[Region], size: tuple[int, int], draws: np.ndarray
) -> np.ndarray:
    """Crops `(n, H, W, ...)` of regions, each as likely, some mirrored.

    What is larger than a region repeats its pixels, by one factor for rows and columns.

    Args:
        source: the pictures `(2, rows, columns, ...)`, or versions of them, one after the other.
        regions: of the pictures.
        size: height and width.
        draws: `(n, 4)` int64, not negative, of which they are made.
    """
    which, top, left, mirrored = draws.T
    parts = np.array([(r.picture, *r.rows, *r.columns) for r in regions])[which % len(regions)]
    version = (mirrored >> 2) % (len(source) // len(_NAMES))
    picture, first_row, end_row, first_column, end_column = parts.T
    rows, columns = end_row - first_row, end_column - first_column
    factor = np.maximum(1, np.maximum(size[0] / rows, size[1] / columns))
    down = _steps(first_row, rows, size[0], factor, top, mirrored & 1)
    across = _steps(first_column, columns, size[1], factor, left, mirrored & 2)
    return source[
        (picture + version * len(_NAMES))[:, None, None], down[:, :, None], across[:, None, :]
    ]


def _steps(
    first: np.ndarray,
    length: np.ndarray,
    size: int,
    factor: np.ndarray,
    offset: np.ndarray,
    mirrored: np.ndarray,
) -> np.ndarray:
    """The rows (or columns) `(n, size)` of the picture that each one of a crop shows."""
    steps = (np.arange(size) / factor[:, None]).astype(np.int64)
    room = length - steps[:, -1]
    steps = np.where(mirrored[:, None] > 0, steps[:, ::-1], steps)
    return (first + offset % room)[:, None] + steps


def textures(split: str, size: tuple[int, int], draws: np.ndarray) -> np.ndarray:
    """Crops `(n, H, W, 3)` uint8 for "train", "val" or "test", with red, green, blue in any order.

    The order of the channels lets no colour tell more of one split, or of one thing, than another.

    Args:
        split: whose regions they are from.
        size: height and width.
        draws: `(n, 4)` int64, not negative.
    """
    return crops(_recoloured(), REGIONS[split], size, draws)
