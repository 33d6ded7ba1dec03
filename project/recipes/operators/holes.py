"""Operators that add noise, or take parts of an image away."""

import torch
from torch import Tensor

from project.recipes.operators._boxes import Box, box
from project.recipes.operators._catalogue import operator
from project.recipes.operators._numbers import normal
from project.recipes.operators._pixels import WHITE, each


@operator(
    "noise",
    "colour",
    range=(0, 25),
    bounds=(0, 255),
    unit="levels",
    neutral=0,
    n_draws=1,
    levels=True,
)
def noise(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Normal noise of that standard deviation in each pixel and channel."""
    found = normal(draws[:, 0], images[0].numel()).view(images.shape)
    return found.mul_(each(strength)).add_(images).clamp_(0, WHITE)


@operator(
    "erase",
    "colour",
    range=(0.02, 0.33),
    bounds=(0, 1),
    unit="of the area",
    n_draws=3,
    limits={"ratio": (0.01, 100)},
)
def erase(
    images: Tensor,
    strength: Tensor,
    draws: Tensor,
    *,
    ratio: tuple[float, float] = (0.3, 10 / 3),
    fill: float = 0.0,
) -> Tensor:
    """A box of that area somewhere, its width to its height in `ratio`, gets the level `fill`.

    Source: Zhong et al., "Random Erasing Data Augmentation", 2020.
    """
    return _filled(images, box((images.shape[2], images.shape[3]), strength, draws, ratio), fill)


@operator("cutout", "colour", range=(0.5, 0.5), bounds=(0, 2), unit="of each side", n_draws=2)
def cutout(images: Tensor, strength: Tensor, draws: Tensor, *, fill: float = 0.0) -> Tensor:
    """A box of that share of each side about any pixel, partly outside, gets the level `fill`.

    Source: DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with
    Cutout", 2017.
    """
    sides = [(strength * n).round() for n in images.shape[2:]]
    middles = [(draws[:, i] * n).floor() for i, n in enumerate(images.shape[2:])]
    starts = [middle - (side / 2).floor() for middle, side in zip(middles, sides)]
    return _filled(images, (*starts, *sides), fill)


def _filled(images: Tensor, where: Box, fill: float) -> Tensor:
    top, left, tall, wide = (part.view(-1, 1) for part in where)
    row, column = (torch.arange(n, device=images.device) for n in images.shape[2:])
    rows = (row >= top) & (row < top + tall)
    columns = (column >= left) & (column < left + wide)
    return images.masked_fill((rows[:, :, None] & columns[:, None]).unsqueeze(1), fill)
