"""Random flips and crops of a whole block of training images at once, on their device."""

from collections.abc import Sequence

import torch
from torch import Tensor

from project.data.order import generator

PADDING_SHARE = 8  # of a side: 4 pixels of 32, the usual choice for CIFAR


def draw(seed: int, epoch: int, step: int, size: int) -> Tensor:
    """Random numbers of a global batch: `(size, 3)` int64 in [0, 2^31), for flip, row, column."""
    source = generator(seed, "augment", epoch, step)
    return torch.randint(0, 2**31, (size, 3), generator=source)


def augment(images: Tensor, draws: Tensor, names: Sequence[str]) -> Tensor:
    """Change each image at random, as its draws say.

    Args:
        images: `(b, C, H, W)` uint8.
        draws: `(b, 3)` int64 in [0, 2^31), on the same device.
        names: "flip" mirrors left and right with probability 1/2; "crop" moves by up to an eighth
            of each side, at least 1 pixel, in either direction, and fills with black.

    Returns:
        `(b, C, H, W)` uint8.
    """
    height, width = images.shape[2:]
    columns = torch.arange(width, device=images.device).expand(len(images), -1)
    if "flip" in names:
        columns = torch.where(draws[:, :1] % 2 == 1, columns.flip(1), columns)
    if "crop" in names:
        down, right = max(1, height // PADDING_SHARE), max(1, width // PADDING_SHARE)
        images = torch.nn.functional.pad(images, (right, right, down, down))
        rows = torch.arange(height, device=images.device) + draws[:, 1:2] % (2 * down + 1)
        columns = columns + draws[:, 2:3] % (2 * right + 1)
        images = images.gather(2, _over(rows[:, None, :, None], images.shape[1], images.shape[3]))
    return images.gather(3, _over(columns[:, None, None, :], images.shape[1], height))


def _over(index: Tensor, channels: int, length: int) -> Tensor:
    """An index `(b, 1, y, x)` of rows or columns, repeated over channels and its side of size 1."""
    sides = (length, -1) if index.shape[2] == 1 else (-1, length)
    return index.expand(-1, channels, *sides)
