"""Operators of recipes, against torchvision's functional ones, image by image."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

from project.recipes.operators import OPERATORS

LINEAR = {"interpolation": InterpolationMode.BILINEAR}
# Of each operator what torchvision makes of one image (C, H, W) uint8, at that strength.
SAME: dict[str, Callable[[Tensor, float], Tensor]] = {
    "flip": lambda image, _: F.horizontal_flip(image),
    "rotate": lambda image, s: F.rotate(image, s, **LINEAR),
    "brightness": F.adjust_brightness,
}


def images(n: int, shape: tuple[int, int, int], seed: int = 0) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, *shape), generator=source, dtype=torch.uint8)


def applied(name: str, block: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    operator = OPERATORS[name]
    if operator.kind == "colour":
        return operator.apply(block.float(), strength, draws)
    return operator.apply(tuple(block.shape[2:]), strength, draws).sample(block.float())


@pytest.mark.parametrize("name", SAME)
def test_each_operator_equals_torchvisions(name: str) -> None:
    n, shape = 24, (3, 13, 16)
    before, operator = images(n, shape), OPERATORS[name]
    draws = torch.rand(n, operator.n_draws, dtype=torch.float64)
    low, high = operator.range or (0, 0)
    strength = torch.linspace(low, high, n, dtype=torch.float64)
    after = applied(name, before, strength, draws)
    for one, s, found in zip(before, strength.tolist(), after, strict=True):
        assert (found - SAME[name](one, s).float()).abs().max() <= 1
