"""Operators that give grey levels others: fewer, inverted, stretched, equalized."""

import torch
from torch import Tensor

from project.recipes.operators._catalogue import operator
from project.recipes.operators._pixels import WHITE, each, from_tables, places


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
    # By arithmetic, which takes a third of the time that a choice for each pixel takes.
    inverted = torch.ge(images, each(strength), out=torch.empty_like(images))
    return inverted.mul_(WHITE - 2 * images).add_(images)


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
    pixels = images.shape[2] * images.shape[3]
    found = places(images).view(-1, pixels)
    counts = torch.bincount(found.view(-1), minlength=256 * len(found))
    # Whole numbers: as floating-point ones they are exact, also divided and rounded down, and fast.
    counts = counts.to(torch.float32 if pixels < 2**22 else torch.float64)
    brightest = counts.index_select(0, found.amax(1))
    # All but the brightest level's pixels are spread over 255 steps.
    step = ((pixels - brightest) / 255).floor_()[:, None]
    counts = counts.view(-1, 256)
    darker = counts.cumsum(1).sub_(counts)
    table = darker.add_((step / 2).floor_()).div_(step.clamp(min=1)).floor_().clamp_(0, WHITE)
    # Where there are fewer pixels than steps, levels stay.
    enough, same = (step > 0).float(), torch.arange(256, device=images.device)
    table = table.mul_(enough).add_(same * (1 - enough))
    return from_tables(table.float(), found.view(-1), images)
