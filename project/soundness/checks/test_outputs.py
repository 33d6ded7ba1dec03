"""Whether the model's outputs are sound, whatever the images and their company."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from project.inference.predictor import Predictor
from project.soundness.repeated import RepeatedTest
from project.values import leaves, split

MANY = 7
# Of the largest output: how far one may be from itself in another batch.
APART = 1e-4


def test_shape(predictor: Predictor, few: tuple[Tensor, Any]) -> None:
    """outputs have the shape and kind that the task needs."""
    images = few[0][:MANY]
    outputs = predictor.outputs(images)
    if tuple(images.shape[1:]) == predictor.shape:
        why = predictor.task.check(outputs, len(images), predictor.device)
        assert why is None, why
    assert all(len(leaf) == len(images) for leaf in leaves(outputs)), "not one for each image"


def test_extreme_images(
    predictor: Predictor, few: tuple[Tensor, Any], found: Callable[[str], None]
) -> None:
    """outputs of black, white, chequered and random images are finite."""
    images = few[0][:1]
    bad = []
    extremes = _extremes(images)
    for name, image in extremes.items():
        if not all(leaf.isfinite().all() for leaf in leaves(predictor.outputs(image))):
            bad.append(name)
    assert not bad, f"NaN or infinite of {', '.join(bad)} images"
    found(f"{len(extremes)} images")


def test_repeated(predictor: Predictor, few: tuple[Tensor, Any]) -> None:
    """the same images get the same outputs."""
    images = few[0][:MANY]
    first, second = (leaves(predictor.outputs(images)) for _ in range(2))
    same = all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert same, "they differ, as by a dropout that is still at work"


def test_batches(
    predictor: Predictor, few: tuple[Tensor, Any], found: Callable[[str], None]
) -> None:
    """an image's outputs do not depend on its batch."""
    images = few[0][:MANY]
    if len(images) < 2:
        pytest.skip("the test has a single image, or images of many sizes")
    together = predictor.outputs(images)
    largest = 0.0
    for one, own in zip(images.split(1), split(together, [1] * len(images)), strict=True):
        alone = predictor.outputs(one)
        for a, b in zip(leaves(alone), leaves(own), strict=True):
            scale = max(1.0, float(b.abs().max()))
            largest = max(largest, float((a - b).abs().max()) / scale)
    limit = APART if predictor.precision == "32" else 100 * APART
    assert largest <= limit, f"they differ by {largest:.2g} alone and among {len(images)}"
    found(f"largest difference {largest:.1g}")


def test_various(tested: RepeatedTest, found: Callable[[str], None]) -> None:
    """more than one class is predicted."""
    matrix = tested.columns
    if "prediction" not in matrix or len(np.unique(matrix["target"])) < 2:
        pytest.skip("the task predicts no class, or the test has one alone")
    n = len(np.unique(matrix["prediction"]))
    assert n > 1, f"class {tested.predictor.classes[matrix['prediction'][0]]} of each image"
    found(f"{n} of {len(tested.predictor.classes)} classes")


def _extremes(image: Tensor) -> dict[str, Tensor]:
    """Images like one, of its shape and type."""
    low, high = (0, 255) if image.dtype == torch.uint8 else (-1e3, 1e3)
    rows, columns = (torch.arange(n) for n in image.shape[-2:])
    chequers = (rows[:, None] + columns) % 2 * (high - low) + low
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(image.shape, generator=generator) * (high - low) + low
    return {
        "black": torch.full_like(image, low),
        "white": torch.full_like(image, high),
        "chequered": chequers.expand(image.shape).to(image.dtype).contiguous(),
        "random": noise.to(image.dtype),
    }
