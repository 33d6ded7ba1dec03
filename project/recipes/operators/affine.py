"""Operators that move images as a whole: flips, turns, shears, shifts."""

import math
from collections.abc import Sequence

from torch import Tensor

from project.recipes.geometry import Geometry, matrices
from project.recipes.operators._catalogue import operator

Size = tuple[int, int]
Row = Sequence[Tensor | float]
_X, _Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def _moved(like: Tensor, x: Row, y: Row) -> Geometry:
    return Geometry(matrices(like, (x, y)))


@operator("flip", "geometry")
def flip(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Left and right change places."""
    return Geometry(matrices(strength, ((-1.0, 0.0, 0.0), _Y)), whole=True, leaves=False)


@operator("flip-vertical", "geometry")
def flip_vertical(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Top and bottom change places."""
    return Geometry(matrices(strength, (_X, (0.0, -1.0, 0.0))), whole=True, leaves=False)


@operator("rotate", "geometry", range=(-30, 30), bounds=(-180, 180), unit="degrees", neutral=0)
def rotate(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Turns about the centre, counter-clockwise."""
    angle = strength * (math.pi / 180)
    cos, sin = angle.cos(), angle.sin()
    return _moved(strength, (cos, -sin, 0.0), (sin, cos, 0.0))


@operator("shear-x", "geometry", range=(-0.3, 0.3), bounds=(-2, 2), unit="pixels a row", neutral=0)
def shear_x(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Each row goes further to the left than the one above it; the middle one stays."""
    return _moved(strength, (1.0, strength, 0.0), _Y)


@operator(
    "shear-y", "geometry", range=(-0.3, 0.3), bounds=(-2, 2), unit="pixels a column", neutral=0
)
def shear_y(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Each column goes further up than the one left of it; the middle one stays."""
    return _moved(strength, _X, (strength, 1.0, 0.0))


@operator(
    "translate-x", "geometry", range=(-0.2, 0.2), bounds=(-1, 1), unit="of the width", neutral=0
)
def translate_x(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Goes to the right."""
    return _moved(strength, (1.0, 0.0, -strength * size[1]), _Y)


@operator(
    "translate-y", "geometry", range=(-0.2, 0.2), bounds=(-1, 1), unit="of the height", neutral=0
)
def translate_y(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Goes down."""
    return _moved(strength, _X, (0.0, 1.0, -strength * size[0]))


@operator("scale", "geometry", range=(0.8, 1.25), bounds=(0.1, 10), unit="factor", neutral=1)
def scale(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Becomes larger about the centre, both sides alike."""
    back = 1 / strength
    return _moved(strength, (back, 0.0, 0.0), (0.0, back, 0.0))
