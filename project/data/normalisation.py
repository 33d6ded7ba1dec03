"""From pixels to the inputs of a model: what training, evaluation and inference do alike."""

from collections.abc import Sequence

import torch
from torch import Tensor

# What a pixel's value is divided by before mean and std are taken of it, by its data type.
UNITS = {torch.uint8: 255, torch.float32: 1}


class Normalisation:
    """Takes the mean of each channel off, and divides by its deviation.

    Args:
        mean: per channel, in units of the pixel value / 255; of float32, of the value itself.
        std: likewise.
        dtype: of the images: uint8 or float32.
        device: where they are.
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        scale = [1 / (UNITS[dtype] * s) for s in std]
        shift = [-m / s for m, s in zip(mean, std, strict=True)]
        self._scale, self._shift = (
            torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (scale, shift)
        )

    def __call__(self, images: Tensor) -> Tensor:
        """Images `(b, C, H, W)` as inputs of the same shape, float32."""
        # Two operations with one rounding each: a fused one rounds differently in vector lanes and
        # in the remainder, so that a batch would depend on the block it is in.
        return images.to(torch.float32, copy=True).mul_(self._scale).add_(self._shift)
