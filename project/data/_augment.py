"""Random flips and crops of a whole block of training images at once, on their device."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from project.data.order import generator

PADDING_SHARE = 8  # of a side: 4 pixels of 32, the usual choice for CIFAR
LARGE = 2048  # values of an image from which on a CPU moves one after another faster


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
        self._down = max(1, height // PADDING_SHARE) * ("crop" in names)
        self._right = max(1, width // PADDING_SHARE) * ("crop" in names)
        self._mirrored = (draws[:, :1] % 2 == 1) & ("flip" in names)
        self._top = draws[:, 1:2] % (2 * self._down + 1)
        self._left = draws[:, 2:3] % (2 * self._right + 1)

    def __call__(self, images: Tensor, outside: int = 0) -> Tensor:
        """Move images `(b, C, H, W)` of any data type; what they had not is of value `outside`."""
        if images.device.type == "cpu" and math.prod(images.shape[1:]) >= LARGE:
            return self._one_by_one(images, outside)
        return self._at_once(images, outside)

    def _at_once(self, images: Tensor, outside: int) -> Tensor:
        channels, height, width = images.shape[1:]
        columns = torch.arange(width, device=images.device).expand(len(images), -1)
        columns = torch.where(self._mirrored, columns.flip(1), columns)
        if self._down:
            around = self._right, self._right, self._down, self._down
            images = torch.nn.functional.pad(images, around, value=outside)
            rows = torch.arange(height, device=images.device) + self._top
            index = rows[:, None, :, None].expand(-1, channels, -1, images.shape[3])
            images, columns = images.gather(2, index), columns + self._left
        return images.gather(3, columns[:, None, None, :].expand(-1, channels, height, -1))

    def _one_by_one(self, images: Tensor, outside: int) -> Tensor:
        """The same by slices, which copy more than an index does for each pixel."""
        moved = torch.full_like(images, outside)
        source, target = images.numpy(), moved.numpy()
        places = torch.cat([self._mirrored, self._top, self._left], dim=1).tolist()
        for image, to, (mirrored, top, left) in zip(source, target, places, strict=True):
            from_rows, to_rows = _shifted(top - self._down, image.shape[1])
            from_columns, to_columns = _shifted(left - self._right, image.shape[2])
            seen = to[:, :, ::-1] if mirrored else to
            seen[:, to_rows, to_columns] = image[:, from_rows, from_columns]
        return moved


def _shifted(by: int, length: int) -> tuple[slice, slice]:
    """What of a side stays when its window moves `by` pixels, and where that is in the window."""
    return slice(max(0, by), length + min(0, by)), slice(max(0, -by), length + min(0, -by))
