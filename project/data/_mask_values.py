"""What is done with the values of masks: moved with their images, counted, hashed."""

from collections.abc import Callable

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor

from project.values import IGNORED

# Moves images `(b, C, H, W)`, and fills with a value what is outside of them.
Move = Callable[[Tensor, int], Tensor]


def moved_masks(found: Tensor, move: Move) -> Tensor:
    """Masks `(b, H, W)` uint8 as images are moved; what is outside of them is ignored."""
    return move(found.unsqueeze(1), IGNORED).squeeze(1)


def pixels_by_value(masks: Tensor) -> Tensor:
    """How many pixels of each of `(b, H, W)` uint8 have each value, `(b, 256)` int64 on the CPU."""
    n = len(masks)
    offsets = 256 * torch.arange(n, device=masks.device).view(-1, 1, 1)
    found = torch.bincount((masks + offsets).flatten(), minlength=256 * n)
    return found.view(n, 256).cpu()


def mask_key(mask: np.ndarray) -> bytes:
    """A hash of the shape and the values of a mask `(H, W)` uint8."""
    return blake3(f"{mask.shape} ".encode() + np.ascontiguousarray(mask).tobytes()).digest()
