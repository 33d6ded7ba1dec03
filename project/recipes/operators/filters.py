"""Operators that look at a pixel's surroundings: blur and sharpness."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from project.recipes.operators._catalogue import operator
from project.recipes.operators._pixels import WHITE, each


@operator(
    "blur", "colour", range=(0.1, 2), bounds=(0.01, 10), unit="pixels", limits={"kernel": (1, 99)}
)
def blur(images: Tensor, strength: Tensor, draws: Tensor, *, kernel: int = 5) -> Tensor:
    """A Gaussian of that standard deviation, cut off at `kernel` pixels, over mirrored edges.

    Raises:
        ValueError: the kernel is even, or too wide for images so small.
    """
    reach = kernel // 2
    if kernel % 2 == 0 or reach >= min(images.shape[2:]):
        height, width = images.shape[2:]
        raise ValueError(
            f"blur's kernel of {kernel} pixels must be odd, and its half less than the images'"
            f" {height}x{width} pixels"
        )
    places = torch.arange(-reach, reach + 1, device=images.device) / strength[:, None]
    bell = (-0.5 * places**2).exp()
    weights = (bell / bell.sum(1, keepdim=True)).float()[..., None, None, None].unbind(1)
    # Term by term: convolutions sum up in an order that depends on the block.
    found = pad(images, (reach, reach, reach, reach), mode="reflect")
    for dim in (2, 3):
        parts = (found.narrow(dim, i, images.shape[dim]) for i in range(kernel))
        found = sum(part * weight for part, weight in zip(parts, weights, strict=True))
    return found


@operator(
    "sharpness", "colour", range=(0.2, 1.8), bounds=(0, 10), unit="factor", neutral=1, levels=True
)
def sharpness(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each level's distance from what a smoothed image has times the strength; edges stay."""
    if min(images.shape[2:]) < 3:
        return images.clone()
    rows = images[:, :, :-2] + images[:, :, 1:-1] + images[:, :, 2:]
    inner = images[:, :, 1:-1, 1:-1]
    smooth = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    smooth = smooth.add_(inner * 4).div_(13).round_()
    sharp = images.clone()
    sharp[:, :, 1:-1, 1:-1] = smooth.add_((inner - smooth) * each(strength)).clamp_(0, WHITE)
    return sharp
