"""Pictures larger than a window, evaluated piece by piece: the logits of overlapping windows blend.

Windows stand half a window apart at most, evenly from edge to edge. A pixel's logits are the mean
of those of the windows that hold it, each weighted by how far the pixel is from the window's edges:
by the product, over both sides, of i + 1 for the i-th pixel from the nearer edge.
"""

import math
from itertools import product

import torch
from torch import Tensor, nn


def fits(size: tuple[int, int], window: int) -> bool:
    """Whether pictures of a size, in pixels, are evaluated whole."""
    return max(size) <= window


def starts(length: int, window: int) -> list[int]:
    """Where windows begin along a side; one that is no longer than a window has a single one."""
    if length <= window:
        return [0]
    n = math.ceil((length - window) / max(1, window // 2)) + 1
    return [i * (length - window) // (n - 1) for i in range(n)]


def blended(model: nn.Module, inputs: Tensor, window: int) -> Tensor:
    """The logits `(b, n_classes, H, W)` float32 of inputs `(b, C, H, W)`, window by window.

    Args:
        model: gives logits of its inputs' height and width.
        inputs: of one size, larger than the window.
        window: pixels a side of a window, at most.
    """
    height, width = inputs.shape[-2:]
    weights = _weights(min(height, window), min(width, window), inputs.device)
    total = norm = None
    for top, left in product(starts(height, window), starts(width, window)):
        place = (..., slice(top, top + window), slice(left, left + window))
        logits = model(inputs[place]).float()
        if total is None:
            total = logits.new_zeros((*logits.shape[:2], height, width))
            norm = logits.new_zeros((height, width))
        total[place] += logits * weights
        norm[place] += weights
    return total / norm


def _weights(height: int, width: int, device: torch.device) -> Tensor:
    """What each pixel of a window counts, `(height, width)` float32."""
    rows, columns = (_distances(n, device) for n in (height, width))
    return rows[:, None] * columns


def _distances(n: int, device: torch.device) -> Tensor:
    """1, 2, ..., 2, 1: of each of n pixels from the nearer edge, `(n,)` float32."""
    one = torch.arange(1, n + 1, device=device, dtype=torch.float32)
    return torch.minimum(one, one.flip(0))
