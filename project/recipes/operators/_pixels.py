"""What operators do with grey levels."""

import torch
from torch import Tensor

WHITE = 255.0


def each(values: Tensor) -> Tensor:
    """A number of each image, `(b,)`, as `(b, 1, 1, 1)` float32."""
    return values.float().view(-1, 1, 1, 1)


def places(images: Tensor) -> Tensor:
    """Where each pixel's nearest level is in tables of 256, one after another: `(b * C * H * W,)`.

    Each channel of each image has a table. They are int32, twice as fast as int64.
    """
    levels = images.round().clamp_(0, WHITE).int()
    n = images.shape[0] * images.shape[1]
    starts = torch.arange(n, device=images.device, dtype=torch.int32).mul_(256)
    return levels.add_(starts.view(*images.shape[:2], 1, 1)).flatten()


def from_tables(tables: Tensor, places: Tensor, images: Tensor) -> Tensor:
    """What tables `(b * C, 256)` float32 have for each pixel of images."""
    return tables.reshape(-1).index_select(0, places).view(images.shape)
