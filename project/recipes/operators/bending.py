"""Operators that bend images: perspective and elastic."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from project.recipes.geometry import Geometry, matrices, product
from project.recipes.operators._catalogue import operator
from project.recipes.operators._numbers import normal

Size = tuple[int, int]


@operator(
    "perspective",
    "geometry",
    range=(0, 0.5),
    bounds=(0, 0.95),
    unit="of half a side",
    neutral=0,
    n_draws=8,
)
def perspective(size: Size, strength: Tensor, draws: Tensor) -> Geometry:
    """Each corner goes up to so far inwards, along both sides."""
    height, width = size
    x, y = draws[:, :4] * strength[:, None] * (width / 2), draws[:, 4:] * strength[:, None] * (
        height / 2
    )
    right, bottom = width - 1, height - 1
    x = torch.stack([x[:, 0], right - x[:, 1], right - x[:, 2], x[:, 3]], 1)
    y = torch.stack([y[:, 0], y[:, 1], bottom - y[:, 2], bottom - y[:, 3]], 1)
    back = _inverse(_quadrilateral(x / max(1, right), y / max(1, bottom)))
    # It counts from the corner of the first pixel, as torchvision does, and in units of a side.
    into = matrices(
        strength,
        (
            (1 / max(1, right), 0.0, width / 2 / max(1, right)),
            (0.0, 1 / max(1, bottom), height / 2 / max(1, bottom)),
        ),
    )
    out = matrices(strength, ((right, 0.0, -width / 2), (0.0, bottom, -height / 2)))
    return Geometry(product(out, product(back, into)), affine=False)


def _quadrilateral(x: Tensor, y: Tensor) -> Tensor:
    """`(b, 3, 3)` that take the corners of the unit square to `x`, `y` `(b, 4)`, going round.

    Source: Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
    """
    (x0, x1, x2, x3), (y0, y1, y2, y3) = x.unbind(1), y.unbind(1)
    rest_x, rest_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = (x1 - x2) * (y3 - y2) - (x3 - x2) * (y1 - y2)
    g = (rest_x * (y3 - y2) - (x3 - x2) * rest_y) / area
    h = ((x1 - x2) * rest_y - rest_x * (y1 - y2)) / area
    top = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    middle = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    return matrices(x[:, 0], (top, middle, (g, h, 1.0)))


def _inverse(m: Tensor) -> Tensor:
    """Up to a factor, which homogeneous coordinates don't have."""
    r0, r1, r2 = m.unbind(1)
    return torch.stack([_cross(r1, r2), _cross(r2, r0), _cross(r0, r1)], 2)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    (a0, a1, a2), (b0, b1, b2) = a.unbind(1), b.unbind(1)
    return torch.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], 1)


@operator(
    "elastic",
    "geometry",
    range=(0.5, 2),
    bounds=(0, 50),
    unit="pixels",
    neutral=0,
    n_draws=1,
    limits={"points": (2, 20)},
)
def elastic(size: Size, strength: Tensor, draws: Tensor, *, points: int = 3) -> Geometry:
    """`points` by `points` places are shifted by so much (its standard deviation), others between.

    Source: Ronneberger et al., "U-Net", 2015, section 3.1: normal shifts of a coarse grid, cubic
    between its points.
    """
    shifts = normal(draws[:, 0], 2 * points * points).view(-1, 2, points, points)
    shifts = shifts * strength.float().view(-1, 1, 1, 1)
    down, right = (_cubic(points, side, strength.device) for side in size)
    rows = sum(shifts[..., j, None] * right[j] for j in range(points))
    field = sum(rows[:, :, i, None] * down[i][:, None] for i in range(points))
    return Geometry(matrices(strength, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))), field)


@lru_cache(maxsize=8)
def _cubic(points: int, n: int, device: torch.device) -> Tensor:
    """What each of the points counts at each of n pixels, `(points, n)` float32."""
    each = torch.eye(points, device=device)[None, :, None, :]
    return interpolate(each, (1, n), mode="bicubic", align_corners=True)[0, :, 0]
