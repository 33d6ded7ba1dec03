"""Operators that change the colours of images as a whole."""

import torch
from torch import Tensor

from project.recipes.operators._catalogue import operator
from project.recipes.operators._pixels import WHITE, each, from_tables, places

# Of red, green and blue in grey, as torchvision weighs them: ITU-R BT.601.
_LUMA = (0.2989, 0.587, 0.114)
_FACTOR = {"range": (0.6, 1.4), "bounds": (0, 10), "unit": "factor", "neutral": 1, "levels": True}


@operator("brightness", "colour", **_FACTOR)
def brightness(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """All levels times the strength."""
    return (images * each(strength)).clamp_(0, WHITE)


@operator("contrast", "colour", **_FACTOR)
def contrast(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each level's distance from the image's mean grey times the strength."""
    grey = _grey(images)
    # Whole numbers, so that the sum has no rounding, whatever its order.
    mean = grey.sum((1, 2, 3), dtype=torch.float64) / grey[0].numel()
    return _away_from(each(mean), images, strength)


@operator("saturation", "colour", channels=(3,), **_FACTOR)
def saturation(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each colour's distance from its grey times the strength."""
    return _away_from(_grey(images), images, strength)


@operator(
    "hue",
    "colour",
    range=(-0.1, 0.1),
    bounds=(-0.5, 0.5),
    unit="of the colour circle",
    neutral=0,
    channels=(3,),
    levels=True,
)
def hue(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each colour goes along the circle red, green, blue; grey stays."""
    low, high = torch.aminmax(images, dim=1, keepdim=True)
    chroma = high - low
    red, green, blue = ((high - images) / torch.where(chroma > 0, chroma, 1)).split(1, 1)
    r, g, _ = images.split(1, 1)
    sixth = torch.where(
        high == r, blue - green, torch.where(high == g, 2 + red - blue, 4 + green - red)
    )
    sixth = sixth + each(strength * 6)
    # How far each channel's own colour is on the circle: within a sixth it is full, from 2 on off.
    centres = images.new_tensor([0.0, 2.0, 4.0]).view(1, 3, 1, 1)
    far = torch.remainder(sixth - centres + 3, 6).sub_(3).abs_()
    return low + chroma * (2 - far).clamp_(0, 1)


@operator(
    "gamma", "colour", range=(0.7, 1.4), bounds=(0.1, 10), unit="exponent", neutral=1, levels=True
)
def gamma(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """Each level, as a share of white, to the power of the strength; less is brighter."""
    shares = torch.arange(256, dtype=torch.float64, device=images.device) / WHITE
    table = (shares ** strength[:, None] * WHITE).float()
    tables = table.repeat_interleave(images.shape[1], 0)
    return from_tables(tables, places(images), images)


def _grey(images: Tensor) -> Tensor:
    """Whole levels `(b, 1, H, W)`, rounded down as torchvision does."""
    if images.shape[1] != 3:
        return images.mean(1, keepdim=True).floor_()
    r, g, b = (part * weight for part, weight in zip(images.split(1, 1), _LUMA))
    return r.add_(g).add_(b).floor_()


def _away_from(grey: Tensor, images: Tensor, strength: Tensor) -> Tensor:
    kept = images * each(strength)
    return kept.add_(grey * each(1 - strength)).clamp_(0, WHITE)
