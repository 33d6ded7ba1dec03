"""RandAugment, TrivialAugment and AugMix, against a loop over images and their operators."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from project.recipes.geometry import Geometry
from project.recipes.operators import OPERATORS
from tests.recipes.reference import mixed
from tests.recipes.test_operators import random_images

Step = tuple[str, float]
SHADES = ["brightness", "saturation", "contrast", "sharpness"]


def numbers(seed: float, n: int) -> list[float]:
    """SplitMix64 in Python: n numbers from 0 to below 1."""
    key = mixed(int(seed * 2**53))
    words = [mixed((key + 0x9E3779B97F4A7C15 * i) % 2**64) for i in range(1, n + 1)]
    return [(word >> 11) / 2**53 for word in words]


def moves(shear: float, height: float, width: float, turn: float, sign: float) -> list[Step]:
    named = ["shear-x", "shear-y", "translate-y", "translate-x", "rotate"]
    by = (shear, shear, height, width, turn)
    return [(name, sign * s) for name, s in zip(named, by, strict=True)]


def of_14(level: float, sign: float, largest: Sequence[float]) -> list[Step]:
    """What torchvision has for a level from 0 to 1."""
    shear, height, width, turn, shade, bits = largest
    shades = [(name, 1 + sign * shade * level) for name in SHADES]
    ways = moves(*(level * one for one in (shear, height, width, turn)), sign)
    posterize = ("posterize", math.floor(8 - bits * level + 0.5))
    return [
        *(("", 0), *ways, *shades, posterize),
        *(("solarize", 256 * (1 - level)), ("autocontrast", 0), ("equalize", 0)),
    ]


def run(image: Tensor, steps: Sequence[Step]) -> Tensor:
    """`(1, C, H, W)` after one operator after another; geometries in a row are one."""
    waiting: Geometry | None = None
    for name, strength in steps:
        if not name or (name == "saturation" and image.shape[1] != 3):
            continue
        given = torch.tensor([strength], dtype=torch.float64), torch.zeros(1, 0)
        if OPERATORS[name].kind == "geometry":
            move = OPERATORS[name].apply(tuple(image.shape[2:]), *given)
            waiting = waiting.then(move) if waiting else move
            continue
        image = waiting.sample(image) if waiting else image
        image, waiting = OPERATORS[name].apply(image, *given), None
    return waiting.sample(image) if waiting else image


def randaugment(image: Tensor, seed: float) -> Tensor:
    drawn = numbers(seed, 4)
    largest = 0.3, 150 / 331, 150 / 331, 30, 0.9, 4
    signs = [-1 if drawn[i] < 0.5 else 1 for i in (1, 3)]
    return run(image, [of_14(0.3, s, largest)[int(drawn[i] * 14)] for i, s in zip((0, 2), signs)])


def trivialaugment(image: Tensor, seed: float) -> Tensor:
    which, sign, level = numbers(seed, 3)
    shifts = [min(1, 32 / side) for side in image.shape[2:]]
    among = of_14(level, -1 if sign < 0.5 else 1, (0.99, *shifts, 135, 0.99, 6))
    return run(image, [among[int(which * 14)]])


def augmix(image: Tensor, seed: float) -> Tensor:
    """The paper's code, by its formula: three chains of one to three of nine operators."""
    m, *rest = numbers(seed, 1 + 3 * 11)
    chains = torch.tensor(rest, dtype=torch.float64).view(3, 11).tolist()
    exponential = [-math.log(1 - chain[0]) for chain in chains]
    mix = (1 - m) * image.double()
    for chain, weight in zip(chains, exponential, strict=True):
        steps = []
        for i in range(int(chain[1] * 3) + 1):
            which, sign, level = (chain[2 + 3 * i + k] for k in range(3))
            level = (0.1 + level * (3 - 0.1)) / 10
            sign = -1 if sign < 0.5 else 1
            among = moves(0.3 * level, level / 3, level / 3, 30 * level, sign)
            among += [
                ("posterize", math.floor(4 - 4 * level + 0.5)),
                ("solarize", 256 * (1 - level)),
            ]
            steps.append([*among, ("autocontrast", 0), ("equalize", 0)][int(which * 9)])
        mix += m * weight / sum(exponential) * run(image, steps).double()
    return mix


@pytest.mark.parametrize("shape", [(3, 20, 17), (1, 8, 8)])
@pytest.mark.parametrize("one_by_one", [randaugment, trivialaugment, augmix])
def test_policies_do_to_each_image_what_their_papers_say(one_by_one, shape) -> None:
    source = torch.Generator().manual_seed(0)
    images = random_images(48, shape, source).float()
    draws = torch.rand(48, 1, dtype=torch.float64, generator=source)
    operator = OPERATORS[one_by_one.__name__]
    low = (operator.range or (0, 0))[0]
    strength = torch.full((48,), float(low), dtype=torch.float64)
    found = operator.apply(images, strength, draws)
    wanted = torch.cat([one_by_one(x[None], d) for x, d in zip(images, draws[:, 0].tolist())])
    # Matrices are multiplied in another order, and weights summed up in float32.
    assert (found - wanted).abs().max() < 0.05
    assert (found - images).abs().amax((1, 2, 3)).gt(1).double().mean() > 0.5


def test_augmix_in_pieces_is_augmix_at_once() -> None:
    """A CPU changes no more images at once than its caches hold."""
    source = torch.Generator().manual_seed(0)
    images = random_images(50, (3, 80, 64), source).float()
    draws = torch.rand(50, 1, dtype=torch.float64, generator=source)
    strength = torch.full((50,), 3.0, dtype=torch.float64)
    apply = OPERATORS["augmix"].apply
    halves = [slice(0, 11), slice(11, 50)]
    apart = torch.cat([apply(images[part], strength[part], draws[part]) for part in halves])
    assert torch.equal(apply(images, strength, draws), apart)
