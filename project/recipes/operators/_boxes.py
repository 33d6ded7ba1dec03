"""Boxes of whole pixels at random places of images."""

import math

from torch import Tensor

Box = tuple[Tensor, Tensor, Tensor, Tensor]


def box(size: tuple[int, int], share: Tensor, draws: Tensor, ratio: tuple[float, float]) -> Box:
    """Top, left, height and width, `(b,)` float64 of whole pixels.

    Args:
        size: height and width of the images.
        share: of their area, `(b,)`; less where the box would be longer than a side.
        draws: `(b, 3)`, of its ratio, row and column.
        ratio: of width to height, from and to, its logarithm evenly.
    """
    low, high = map(math.log, ratio)
    stretch = (low + (high - low) * draws[:, 0]).exp()
    area = share * (size[0] * size[1])
    tall = (area / stretch).sqrt().round().clamp(1, size[0])
    wide = (area * stretch).sqrt().round().clamp(1, size[1])
    top = (draws[:, 1] * (size[0] - tall + 1)).floor()
    left = (draws[:, 2] * (size[1] - wide + 1)).floor()
    return top, left, tall, wide
