"""Augmented images: valid, random per sample, and a function of their draws alone."""

import pytest
import torch
from torch.nn.functional import pad

from project.data._augment import Geometry, draw

SHAPES = [(1, 8, 8), (3, 32, 24), (2, 5, 4)]


def augment(images: torch.Tensor, draws: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    return Geometry(draws, names, *images.shape[2:])(images)


def images(shape: tuple[int, int, int], n: int = 200) -> torch.Tensor:
    source = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (n, *shape), generator=source, dtype=torch.uint8)


def test_draws_are_a_function_of_seed_epoch_and_step() -> None:
    first = draw(0, 1, 2, 10)
    assert first.shape == (10, 3) and int(first.min()) >= 0 and int(first.max()) < 2**31
    assert torch.equal(first, draw(0, 1, 2, 10))
    for other in (draw(1, 1, 2, 10), draw(0, 2, 2, 10), draw(0, 1, 3, 10)):
        assert not torch.equal(first, other)


@pytest.mark.parametrize("shape", SHAPES)
def test_flip_mirrors_about_half(shape: tuple[int, int, int]) -> None:
    before, draws = images(shape), draw(0, 0, 0, 200)
    after = augment(before, draws, ("flip",))
    mirrored = [torch.equal(a, b.flip(-1)) for a, b in zip(after, before, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(after, before, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True))
    # 200 fair coins: 4 standard deviations are 4 * sqrt(200) / 2 = 28.
    assert 72 <= sum(mirrored) <= 128


@pytest.mark.parametrize("shape", SHAPES)
def test_crop_is_a_window_of_the_padded_image(shape: tuple[int, int, int]) -> None:
    before, draws = images(shape), draw(0, 0, 1, 200)
    after = augment(before, draws, ("crop",))
    height, width = shape[1:]
    down, right = max(1, height // 8), max(1, width // 8)
    seen = set()
    for image, moved, (_, row, column) in zip(before, after, draws.tolist(), strict=True):
        top, left = row % (2 * down + 1), column % (2 * right + 1)
        bottom, end = top + height, left + width
        window = pad(image, (right, right, down, down))[:, top:bottom, left:end]
        assert torch.equal(moved, window)
        seen.add((top, left))
    assert {top for top, _ in seen} == set(range(2 * down + 1))
    assert {left for _, left in seen} == set(range(2 * right + 1))


@pytest.mark.parametrize("names", [("flip",), ("crop",), ("flip", "crop")])
def test_each_image_depends_on_its_own_draw_alone(names: tuple[str, ...]) -> None:
    before, draws = images((3, 9, 7)), draw(0, 0, 0, 200)
    together = augment(before, draws, names)
    assert together.shape == before.shape and together.dtype == torch.uint8
    halves = [augment(before[s], draws[s], names) for s in (slice(0, 77), slice(77, None))]
    assert torch.equal(together, torch.cat(halves))


@pytest.mark.parametrize("names", [(), ("flip",), ("crop",), ("flip", "crop")])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_moving_one_by_one_is_the_same(
    names: tuple[str, ...], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shape in SHAPES:
        before, draws = images(shape).to(dtype), draw(0, 0, 0, 200)
        found = []
        for large in (1, 10**9):
            monkeypatch.setattr("project.data._augment.LARGE", large)
            found.append(Geometry(draws, names, *shape[1:])(before, 7))
        assert torch.equal(*found)


def test_both_are_a_crop_and_then_a_flip() -> None:
    before, draws = images((2, 8, 10)), draw(0, 0, 0, 200)
    expected = augment(augment(before, draws, ("crop",)), draws, ("flip",))
    assert torch.equal(augment(before, draws, ("flip", "crop")), expected)
    assert torch.equal(augment(before, draws, ("crop", "flip")), expected)
