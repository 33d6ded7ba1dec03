"""Operators that move images as a whole: flips, turns, shears, shifts and crops."""

import math

from torch import Tensor

from project.recipes.geometry import Geometry
from project.recipes.operators._catalogue import operator

Size = tuple[int, int]


def _matrix(b: int, rows: list[list[Tensor | float]], like: Tensor) -> Tensor:
    """`(b, 3, 3)` float64 of two rows, each of numbers and `(b,)` tensors."""
    matrix = like.new_zeros((b, 3, 3))
    for i, row in enumerate([*rows, [0.0, 0.0, 1.0]]):
        for j, value in enumerate(row):
            matrix[:, i, j] = value
    return matrix


@operator("flip", "geometry")
def flip(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Left and right change places."""
    matrix = _matrix(len(strength), [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], strength)
    return Geometry(matrix, whole=True, leaves=False)


@operator("rotate", "geometry", range=(-30, 30), bounds=(-180, 180), unit="degrees", neutral=0)
def rotate(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Turn about the centre, against the clock."""
    angle = strength * (math.pi / 180)
    cos, sin = angle.cos(), angle.sin()
    return Geometry(_matrix(len(strength), [[cos, -sin, 0.0], [sin, cos, 0.0]], strength))
