"""Operators that show a part of an image."""

import torch
from torch import Tensor

from project.recipes.geometry import Geometry, matrices
from project.recipes.operators._boxes import box
from project.recipes.operators._catalogue import operator


@operator("crop", "geometry", range=(0.125, 0.125), bounds=(0, 1), unit="of each side", n_draws=2)
def crop(size: tuple[int, int], strength: Tensor, draws: Tensor) -> Geometry:
    """A window of the same size, up to so many whole pixels away, up or down, left or right."""
    down, right = (
        (draws[:, i] * (2 * reach + 1)).floor() - reach
        for i, reach in enumerate((strength * side).round() for side in size)
    )
    matrix = matrices(strength, ((1.0, 0.0, right), (0.0, 1.0, down)))
    return Geometry(matrix, whole=True)


@operator(
    "resized-crop",
    "geometry",
    range=(0.08, 1),
    bounds=(0.01, 1),
    unit="of the area",
    n_draws=3,
    limits={"ratio": (0.01, 100)},
)
def resized_crop(
    size: tuple[int, int],
    strength: Tensor,
    draws: Tensor,
    *,
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> Geometry:
    """A part of that area somewhere, its width to its height in `ratio`, becomes the whole.

    Source: Szegedy et al., "Going Deeper with Convolutions", 2015, section 6.
    """
    height, width = size
    top, left, tall, wide = box(size, strength, draws, ratio)
    x, y = left + wide / 2 - width / 2, top + tall / 2 - height / 2  # of its middle
    matrix = matrices(strength, ((wide / width, 0.0, x), (0.0, tall / height, y)))
    reach = (wide - 1) / 2, (tall - 1) / 2
    inside = torch.stack([x - reach[0], y - reach[1], x + reach[0], y + reach[1]], 1)
    return Geometry(matrix, inside=inside, leaves=False)
