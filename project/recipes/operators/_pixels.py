"""What operators do with grey levels."""

import torch
from torch import Tensor

WHITE = 255.0


def each(values: Tensor) -> Tensor:
    """A number of each image, `(b,)`, as `(b, 1, 1, 1)` float32."""
    return values.float().view(-1, 1, 1, 1)


def whole(images: Tensor) -> Tensor:
    """The nearest grey levels of images, int64."""
    return images.round().clamp_(0, WHITE).long()


def from_table(table: Tensor, images: Tensor) -> Tensor:
    """What a table `(b, C, 256)` float32 has for the nearest level of each of images' channels."""
    return table.reshape(-1).take(whole(images) + rows(images))


def rows(images: Tensor) -> Tensor:
    """Where each channel of each image begins in tables one after the other, `(b, C, 1, 1)`."""
    n = images.shape[0] * images.shape[1]
    starts = 256 * torch.arange(n, device=images.device)
    return starts.view(*images.shape[:2], 1, 1)
