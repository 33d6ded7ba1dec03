"""A recipe as a run has it: its text, what all images go through, and what training images do."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from blake3 import blake3
from torch import Tensor, nn

from project import plugs
from project.plugs.weighted import plugs_of
from project.recipes.augmenting import Augmentation
from project.recipes.images import Images
from project.recipes.preparing import Normalise, Shape
from project.recipes.preparing import Step as Preparing
from project.recipes.reading import read
from project.recipes.views import check
from project.words.recipes import apart

MIXED = "\nMIXED = True"  # in the file of a loss that takes probabilities


class Preparation(nn.Module):
    """What all images go through before they are normalised.

    Args:
        steps: of the recipe's first part.
    """

    def __init__(self, steps: Sequence[Preparing]) -> None:
        super().__init__()
        self.steps = tuple(step for step in steps if not isinstance(step, Normalise))

    def forward(self, images: Tensor) -> Tensor:
        """Images `(b, C, H, W)`, uint8 or float32, as they are trained on, of the same type."""
        if not self.steps:
            return images
        found = images.float()
        for step in self.steps:
            found = step(found)
        if images.dtype == torch.uint8:
            return found.round().clamp(0, 255).to(torch.uint8)
        return found.contiguous()

    def shape(self, taken: Shape) -> Shape:
        """The shape of an image after all of them."""
        for step in self.steps:
            taken = step.shape(taken)
        return taken


class Recipe(NamedTuple):
    """What a file of a recipe says.

    Attributes:
        name: of the file.
        text: of it.
        preparation: for all images.
        augmentation: for training images; None: they are taken as they are.
        normalise: how they are normalised, if the recipe says so.
        each: all steps of the first part.
    """

    name: str
    text: str
    preparation: Preparation
    augmentation: Augmentation | None
    normalise: Normalise | None
    each: tuple[Preparing, ...]

    @property
    def hash(self) -> str:
        """`blake3:<hex>` of the text."""
        return f"blake3:{blake3(self.text.encode()).hexdigest()}"

    @property
    def measured(self) -> list[str]:
        """What it does not give, so that it is measured over the training split."""
        given = self.normalise
        values = {"mean": given and given.mean, "std": given and given.std}
        return [name for name, value in values.items() if value is None]

    @property
    def preparation_hash(self) -> str:
        """Of what its first part does, wherever it stands."""
        none = Normalise("", None, None)
        told = [repr(each) for step in self.each if (each := replace(step, place="")) != none]
        return blake3("\n".join(told).encode()).hexdigest() if told else ""

    def check(self, images: Images) -> None:
        """Refuse images that a step can't take.

        Raises:
            ValueError: a line with the place for each reason.
        """
        if problems := list(self._misfits(images)):
            raise ValueError("\n".join(problems))

    def check_losses(self, losses: Sequence[str], has_teacher: bool = False) -> None:
        """Refuse losses that don't fit what the recipe makes.

        Those that take no probabilities, where it mixes images and so labels; and, where it makes
        several views, as of `views.check`.

        Args:
            losses: terms, as on the command line; those from outside may take them.
            has_teacher: whether the run has a teacher.

        Raises:
            ValueError: a line with the place of the step.
        """
        check(losses, self.augmentation.views if self.augmentation else None, has_teacher)
        mixing = (
            [step for step in self.augmentation.steps if step.mixes] if self.augmentation else []
        )
        names = [name for name in plugs_of(losses) if not plugs.find("loss", name).outside]
        unfit = [name for name in names if not plugs.says("loss", name, MIXED)]
        if mixing and unfit:
            raise ValueError(
                f"{mixing[0].place}: it mixes labels, which --loss {unfit[0]} can't take; use"
                " cross-entropy, or leave it out"
            )

    def _misfits(self, images: Images) -> Iterator[str]:
        for step in self.each:
            found = list(step.misfits(images))
            yield from found
            if not found:
                images = images._replace(shape=step.shape(images.shape))
        for step in self.augmentation.steps if self.augmentation else ():
            yield from step.misfits(images)


def made(text: str) -> Recipe:
    """The recipe of a text as `--recipe` keeps it: the file's, below a line with its name.

    Raises:
        ValueError: what is wrong with it, a line with the place for each mistake.
    """
    name, text = apart(text)
    found = read(text, name)
    last = [step for step in found.preparation if isinstance(step, Normalise)]
    for step in last[1:]:
        found.problems.append(f"{step.place}: normalise is given twice; leave one")
    if found.problems:
        raise ValueError("\n".join(found.problems))
    augmentation = Augmentation(found.augmentation) if found.augmentation else None
    normalise = last[0] if last else None
    each = tuple(found.preparation)
    return Recipe(name, text, Preparation(each), augmentation, normalise, each)


def prepared(recipe: Recipe | str | None) -> str:
    """A hash of what all images go through, equal where that is the same.

    Args:
        recipe: or its text as `--recipe` keeps it; None: there is none.
    """
    if isinstance(recipe, str):
        recipe = made(recipe)
    return recipe.preparation_hash if recipe else ""
