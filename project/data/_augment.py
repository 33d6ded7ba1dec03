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


class Geometry:
    """Where each image of a block is moved, the same for its mask.

    Args:
        draws: `(b, 3)` int64 in [0, 2^31), on the images' device.
        names: "flip" mirrors left and right with probability 1/2; "crop" moves by up to an eighth
            of each side, at least 1 pixel, in either direction.
        height, width: of the images.
    """

    def __init__(self, draws: Tensor, names: Sequence[str], height: int, width: int) -> None:
        self._rows: Tensor | None = None
        self._columns = torch.arange(width, device=draws.device).expand(len(draws), -1)
        if "flip" in names:
            self._columns = torch.where(draws[:, :1] % 2 == 1, self._columns.flip(1), self._columns)
        if "crop" in names:
            down, right = max(1, height // PADDING_SHARE), max(1, width // PADDING_SHARE)
            self._around = (right, right, down, down)
            rows = torch.arange(height, device=draws.device) + draws[:, 1:2] % (2 * down + 1)
            self._rows, self._columns = rows, self._columns + draws[:, 2:3] % (2 * right + 1)

    def __call__(self, images: Tensor, outside: int = 0) -> Tensor:
        """Move images `(b, C, H, W)` of any data type; what they had not is of value `outside`."""
        channels, height, width = images.shape[1:]
        if self._rows is not None:
            images = torch.nn.functional.pad(images, self._around, value=outside)
            index = self._rows[:, None, :, None]
            images = images.gather(2, index.expand(-1, channels, -1, images.shape[3]))
        return images.gather(3, self._columns[:, None, None, :].expand(-1, channels, height, -1))
