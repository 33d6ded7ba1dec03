"""What operators do whatever their block, and geometry as one for images and masks."""

import pytest
import torch
from torch import Tensor

from project.recipes.geometry import Geometry, matrices
from project.recipes.operators import OPERATORS
from tests.recipes.test_operators import applied, drawn, random_images

GEOMETRIES = [name for name, operator in OPERATORS.items() if operator.kind == "geometry"]


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def geometry(name: str, n: int, size: tuple[int, int], seed: int = 0) -> Geometry:
    return OPERATORS[name].apply(size, *drawn(name, n, source(seed)))


@pytest.mark.parametrize("shape", [(3, 9, 7), (1, 8, 8)])
def test_no_bit_depends_on_the_block(shape: tuple[int, int, int]) -> None:
    n = 23
    # Between whole levels, too.
    images = random_images(n, shape, source()) * torch.rand(n, 1, 1, 1, generator=source(1))
    for name, operator in OPERATORS.items():
        if shape[0] not in (operator.channels or shape[:1]):
            continue
        before, (strength, draws) = images.clone(), drawn(name, n, source(2))
        whole = applied(name, images, strength, draws)
        for sizes in ([1] * n, [16, 7]):
            pieces = zip(*(part.split(sizes) for part in (images, strength, draws)), strict=True)
            found = torch.cat([applied(name, *piece) for piece in pieces])
            assert torch.equal(found, whole), name
        assert torch.equal(images, before), f"{name} changes what it is given"


def test_neutral_strengths_change_nothing() -> None:
    images = random_images(16, (3, 9, 7), source()).float()
    for name, operator in OPERATORS.items():
        if operator.neutral is not None:
            _, draws = drawn(name, 16, source(1))
            strength = torch.full((16,), float(operator.neutral), dtype=torch.float64)
            found = applied(name, images, strength, draws)
            assert (found - images).abs().max() < 0.01, name


def test_levels_stay_between_black_and_white() -> None:
    images = random_images(16, (3, 9, 7), source()).float()
    for name, operator in OPERATORS.items():
        found = applied(name, images, *drawn(name, 16, source(1)))
        # Shares that are interpolated add up to 1 within rounding.
        assert -0.001 <= found.min() and found.max() <= 255.001, name


@pytest.mark.parametrize("channels", [2, 5])
def test_any_number_of_channels_moves_and_shines_alike(channels: int) -> None:
    """A grey image repeated in all channels stays grey."""
    grey = random_images(8, (1, 9, 7), source()).float()
    for name, operator in OPERATORS.items():
        if operator.channels is None and name != "noise":
            given = drawn(name, 8, source(1))
            found = applied(name, grey.expand(-1, channels, -1, -1), *given)
            assert torch.equal(found, found[:, :1].expand_as(found)), name


@pytest.mark.parametrize("name", GEOMETRIES)
def test_masks_go_where_their_images_go(name: str) -> None:
    """A mask is the nearest pixel of what an image in levels far apart shows; else ignored."""
    n, height, width = 16, 11, 8
    masks = torch.randint(0, 5, (n, height, width), generator=source(), dtype=torch.uint8)
    moved = geometry(name, n, (height, width)).sample_masks(masks, 255)
    assert moved.dtype == torch.uint8 and moved.shape == masks.shape
    grid = geometry(name, n, (height, width)).grid(height, width).double()
    x, y = (((grid[..., i] + 1) * side - 1) / 2 for i, side in enumerate((width, height)))
    right, down = x.round().long(), y.round().long()
    there = (right >= 0) & (right < width) & (down >= 0) & (down < height)
    wanted = masks[
        torch.arange(n).view(-1, 1, 1), down.clamp(0, height - 1), right.clamp(0, width - 1)
    ]
    wanted = torch.where(there | (not geometry(name, n, (height, width)).leaves), wanted, 255)
    # Places in the middle between two pixels may go to either.
    clear = ((x % 1 - 0.5).abs() > 1e-3) & ((y % 1 - 0.5).abs() > 1e-3)
    assert clear.double().mean() > 0.5
    assert torch.equal(moved[clear], wanted[clear])


def smooth(n: int, height: int, width: int) -> Tensor:
    """Images of slow waves, which are interpolated well."""
    x, y = torch.linspace(0, 2, width), torch.linspace(0, 2, height)[:, None]
    phase = torch.arange(n).view(-1, 1, 1, 1).float()
    return 127 + 100 * torch.sin(x + 2 * y + phase)


@pytest.mark.parametrize("second", ["rotate", "flip", "perspective", "elastic", "resized-crop"])
@pytest.mark.parametrize("first", ["shear-x", "translate-y", "flip", "perspective"])
def test_two_geometries_as_one_equal_one_after_the_other(first: str, second: str) -> None:
    n, height, width = 8, 40, 32
    images = smooth(n, height, width)
    one, two = geometry(first, n, (height, width)), geometry(second, n, (height, width), 1)
    both = one.then(two)
    assert both is not None
    apart, at_once = two.sample(one.sample(images)), both.sample(images)
    # Where all pixels are from within, also on the way, and not from the edge of a crop.
    inner = two.sample(one.sample(torch.ones_like(images))) > 0.9999
    edge = torch.ones(height, width, dtype=torch.bool)
    edge[3:-3, 3:-3] = False
    inner &= ~edge
    assert inner.double().mean() > 0.3
    assert (apart - at_once)[inner].abs().max() < 1.5


def test_whole_pixels_are_not_interpolated() -> None:
    images = random_images(8, (3, 9, 7), source()).float()
    flip, crop = geometry("flip", 8, (9, 7)), geometry("crop", 8, (9, 7))
    both, twice = flip.then(crop), flip.then(flip)
    assert both is not None and twice is not None
    assert torch.equal(both.sample(images), crop.sample(flip.sample(images)))
    assert torch.equal(twice.sample(images), images)


def test_after_an_elastic_one_another_sampling_begins() -> None:
    elastic, rotate = geometry("elastic", 8, (9, 7)), geometry("rotate", 8, (9, 7))
    assert elastic.then(rotate) is None
    assert rotate.then(elastic) is not None


def test_outside_is_what_was_asked_for() -> None:
    away = Geometry(matrices(torch.zeros(2, dtype=torch.float64), ((1, 0, 90), (0, 1, 0))))
    images = random_images(2, (3, 9, 7), source()).float()
    assert torch.equal(away.sample(images), torch.zeros_like(images))
    assert torch.equal(away.sample(images, 7.0), torch.full_like(images, 7))
    assert away.sample_masks(images[:, 0].to(torch.uint8), 255).unique().tolist() == [255]
