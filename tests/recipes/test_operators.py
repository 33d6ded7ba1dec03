"""Operators of recipes, against torchvision's functional ones, image by image."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from project.recipes.operators import OPERATORS
from project.recipes.operators.__main__ import table
from tests.recipes.reference import REFERENCES

SHAPES = [(3, 13, 16), (1, 8, 8)]


def random_images(n: int, shape: tuple[int, int, int], source: torch.Generator) -> Tensor:
    """Uint8, some of all levels, some of a few, some smooth, some flat."""
    every = torch.randint(0, 256, (n, *shape), generator=source, dtype=torch.uint8)
    coarse = torch.randint(0, 256, (n, shape[0], 3, 3), generator=source).float()
    smooth = torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear").to(torch.uint8)
    kinds = [every, every // 64 * 50 + 20, smooth, every[:, :, :1, :1].expand_as(every)]
    return torch.stack([kinds[i % 16 % 5 % 4][i] for i in range(n)])


def applied(name: str, images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """What an operator makes of images in float32."""
    operator = OPERATORS[name]
    if operator.kind != "geometry":
        return operator.apply(images, strength, draws)
    return operator.apply((images.shape[2], images.shape[3]), strength, draws).sample(images)


def drawn(name: str, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Strengths over the whole of the usual range, and further draws."""
    low, high = OPERATORS[name].range or (0, 0)
    strength = low + (high - low) * torch.linspace(0, 1, n, dtype=torch.float64)
    draws = torch.rand(n, OPERATORS[name].n_draws, dtype=torch.float64, generator=source)
    return strength, draws


def check_equal_to_references(n: int, shape: tuple[int, int, int], seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    images = random_images(n, shape, source)
    for name, reference in REFERENCES.items():
        if shape[0] not in (OPERATORS[name].channels or shape[:1]):
            continue
        strength, draws = drawn(name, n, source)
        found = applied(name, images.float(), strength, draws)
        assert found.shape == images.shape and found.dtype == torch.float32
        each = zip(images, strength.tolist(), draws.tolist(), strict=True)
        wanted = torch.stack([reference(*of_one).float() for of_one in each])
        worst = (found - wanted).abs().amax((1, 2, 3))
        assert worst.max() <= 1.001, f"{name} of {shape}: {worst}"


@pytest.mark.parametrize("shape", SHAPES)
def test_each_operator_equals_torchvisions_within_a_grey_level(shape: tuple[int, int, int]) -> None:
    check_equal_to_references(24, shape, 0)


@pytest.mark.nightly
@pytest.mark.parametrize("shape", [*SHAPES, (3, 32, 32), (1, 28, 28), (3, 50, 37)])
def test_each_operator_equals_torchvisions_on_200_images(shape: tuple[int, int, int]) -> None:
    check_equal_to_references(200, shape, 1)


def test_each_operator_has_a_reference() -> None:
    plain = {name for name, operator in OPERATORS.items() if operator.kind != "composite"}
    assert plain == REFERENCES.keys()


def test_the_table_of_operators_in_the_docs_is_the_catalogue() -> None:
    docs = Path(__file__).parents[2] / "docs" / "recipes.md"
    advice = "put what `python -m project.recipes.operators` prints into docs/recipes.md"
    assert table() in docs.read_text(), advice
