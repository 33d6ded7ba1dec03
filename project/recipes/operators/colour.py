"""Operators that change the colours of images."""

from torch import Tensor

from project.recipes.operators._catalogue import operator

WHITE = 255.0


@operator(
    "brightness",
    "colour",
    range=(0.6, 1.4),
    bounds=(0, 10),
    unit="factor",
    neutral=1,
    levels=True,
)
def brightness(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """All levels times the strength."""
    return (images * strength.float().view(-1, 1, 1, 1)).clamp_(0, WHITE)
