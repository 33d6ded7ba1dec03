"""A recipe is tried on a few training images before a run is opened: something must be left."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from project.recipes.augmenting import Part
from project.recipes.draws import Draws
from project.recipes.recipe import Recipe

TURNS = 4  # times that each image is augmented, as in so many epochs


def check_tried(recipe: Recipe, images: Iterable[tuple[int, Tensor]], seed: int) -> None:
    """Refuse a recipe that makes all pixels of each image equal.

    Args:
        recipe: of the run.
        images: each sample's index in the data set with its image, `(1, C, H, W)`, not prepared.
        seed: of the run.

    Raises:
        ValueError: it does; the line names the step.
    """
    seen = [(index, image) for index, image in images if not _is_flat(image)]
    left: dict[str, bool] = {}
    for index, image in seen:
        for place, found in _stages(recipe, image, index, seed):
            left[place] = left.get(place, False) or not _is_flat(found)
    if place := next((place for place, some in left.items() if not some), None):
        raise ValueError(
            f"{place}: after this step all pixels are equal, in each of {len(seen)} training images"
            " that were tried"
        )


def _stages(recipe: Recipe, image: Tensor, index: int, seed: int) -> Iterator[tuple[str, Tensor]]:
    """The place of each step, and the image after it."""
    for step in recipe.preparation.steps:
        image = step(image.float())
        yield step.place, image
    if recipe.augmentation is not None:
        sample = torch.tensor([index])
        for epoch in range(TURNS):
            draws = Draws.of(seed, epoch, sample, torch.zeros_like(sample))
            part = Part(image, draws)
            yield from recipe.augmentation.stages(part, part)


def _is_flat(image: Tensor) -> bool:
    """Whether all pixels of each channel are equal."""
    low, high = image.flatten(2).aminmax(dim=2)
    return torch.equal(low, high)
