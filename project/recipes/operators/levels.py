"""Operators that give grey levels others: fewer, inverted, stretched, equalized."""

import torch
from torch import Tensor

from project.recipes.operators._catalogue import operator
from project.recipes.operators._pixels import WHITE, each, rows, whole


@operator("invert", "colour", levels=True)
def invert(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """White becomes black, black white."""
    return WHITE - images


@operator("posterize", "colour", range=(4, 8), bounds=(1, 8), unit="bits", neutral=8, levels=True)
def posterize(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Of each level the first bits, as many as the strength's whole part."""
    steps = images.new_tensor([2.0 ** (8 - bits) for bits in range(9)])
    step = each(steps[strength.long().clamp(0, 8)])
    # Powers of two: without rounding.
    return images.round().div_(step).floor_().mul_(step)


@operator(
    "solarize",
    "colour",
    range=(128, 256),
    bounds=(0, 256),
    unit="grey level",
    neutral=256,
    levels=True,
)
def solarize(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Levels from the strength on are inverted."""
    return torch.where(images >= each(strength), WHITE - images, images)


@operator("autocontrast", "colour", levels=True)
def autocontrast(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each channel's darkest level becomes black, its brightest white."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    flat = high == low
    scale = torch.where(flat, 1, WHITE / torch.where(flat, 1, high - low))
    return (images - torch.where(flat, 0, low)).mul_(scale).clamp_(0, WHITE)


@operator("equalize", "colour", levels=True)
def equalize(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each channel's levels become about equally frequent, as PIL does it."""
    b, channels, height, width = images.shape
    found = whole(images) + rows(images)
    counts = torch.bincount(found.flatten(), minlength=b * channels * 256).view(-1, 256)
    upto = counts.cumsum(1)
    # All but the brightest level's pixels are spread over 255 steps.
    brightest = (upto == height * width).long().argmax(1, keepdim=True)
    step = (height * width - counts.gather(1, brightest)) // 255
    table = ((upto - counts + step // 2) // step.clamp(min=1)).clamp_(0, 255)
    as_it_is = torch.arange(256, device=images.device)
    table = torch.where(step > 0, table, as_it_is)
    return table.float().view(-1).take(found)
