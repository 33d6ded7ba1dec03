"""How pictures are changed without becoming others: mirrored, moved, brighter, compressed."""

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
import torch
from torch import Tensor

BRIGHTER, QUALITY = 1.2, 75
SHARE = 16  # of a side that a picture is moved, at least one pixel


def flip(images: Tensor) -> Tensor:
    """Mirrored left and right."""
    return images.flip(-1)


def shift(images: Tensor) -> Tensor:
    """Moved right and down by a sixteenth of each side; what is left empty repeats the edge."""
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - max(1, height // SHARE)).clamp(min=0)
    columns = (torch.arange(width) - max(1, width // SHARE)).clamp(min=0)
    return images[..., rows[:, None], columns]


def brightness(images: Tensor) -> Tensor:
    """A fifth brighter; bytes end at 255."""
    if images.dtype == torch.uint8:
        return (images.float() * BRIGHTER).round().clamp(max=255).to(torch.uint8)
    return images * BRIGHTER


def jpeg(images: Tensor) -> Tensor | None:
    """Compressed as JPEG of quality 75; None for what is no picture of bytes, grey or RGB."""
    from PIL import Image

    if images.dtype != torch.uint8 or images.shape[1] not in (1, 3):
        return None
    found = []
    for image in images.permute(0, 2, 3, 1).numpy():
        file = BytesIO()
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
            file, "JPEG", quality=QUALITY
        )
        with Image.open(file) as again:
            found.append(np.asarray(again).reshape(image.shape))
    return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2).contiguous()


BY_NAME: Mapping[str, Callable[[Tensor], Tensor | None]] = {
    "flip": flip,
    "shift": shift,
    "brightness": brightness,
    "jpeg": jpeg,
}
