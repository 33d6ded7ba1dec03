"""What training images go through, each by numbers of its own, perhaps in several views."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from project.recipes._moving import Moving, followed
from project.recipes._steps import Step
from project.recipes.draws import Draws
from project.recipes.views import BRANCH, Views


class Part(NamedTuple):
    """Images of a block, and the random numbers of each.

    Attributes:
        images: `(b, C, H, W)`, uint8 or float32.
        draws: see `Augmentation.draws`.
    """

    images: Tensor
    draws: Draws


class Changed(NamedTuple):
    """What has become of a block.

    Attributes:
        images: `(b, C, H, W)` float32, in the units of the old ones; of V views `(b, V, C, H, W)`.
        move: what moves masks `(b, 1, H, W)` uint8 as images were, if that was followed, given a
            value for what is outside.
        shares: `(b,)` float64, what is left of each image itself, where partners are mixed in;
            None: none are.
    """

    images: Tensor
    move: Callable[[Tensor, int], Tensor]
    shares: Tensor | None


class Augmentation:
    """What training images go through, each by random numbers of its own.

    Args:
        steps: of the recipe's second part.

    Attributes:
        mixes: whether images are mixed with partners, which are to be given then.
        views: where it goes on with several views of each image; None: nowhere.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.views = next((step for step in steps if isinstance(step, Views)), None)
        n = self.steps.index(self.views) if self.views else len(steps)
        self._of_images, self._of_views = self.steps[:n], self.steps[n:]
        mixing = [i for i, step in enumerate(self.steps) if step.mixes]
        self.mixes, self._last = bool(mixing), max(mixing, default=-1)

    @staticmethod
    def draws(seed: int, epoch: int, samples: Tensor, again: Tensor) -> Draws:
        """The random numbers of samples; see `Draws.of`."""
        return Draws.of(seed, epoch, samples, again)

    def __call__(
        self, part: Part, partners: Part | None = None, is_followed: bool = False
    ) -> Changed:
        """Change images.

        Args:
            part: the images.
            partners: of each the one that it may be mixed with, which goes through all steps before
                by its own numbers.
            is_followed: whether moves are remembered.
        """
        moving = self._moving(part, partners, is_followed)
        for _ in self._done(moving, part.draws, partners):
            pass
        shares = torch.from_numpy(moving.shares) if self.mixes else None
        images = moving.images()
        if self.views is not None:
            images = torch.stack(list(self._viewed(images, part.draws, self.views)), 1)
        return Changed(images, partial(followed, moving.moves), shares)

    def _viewed(self, images: Tensor, draws: Draws, views: Views) -> Iterator[Tensor]:
        """Each view of all images `(b, C, H, W)`."""
        if views.is_clean:
            yield images
        for i in range(int(views.is_clean), views.n):
            moving = Moving(images)
            for step in self._of_views:
                step(moving, np.arange(len(moving)), draws.branch(BRANCH + i))
            yield moving.images()

    def stages(self, part: Part, partners: Part | None = None) -> Iterator[tuple[str, Tensor]]:
        """The place of each step, and the images after it; arguments as of a call.

        Of several views, that is the last one.
        """
        moving = self._moving(part, partners, False)
        for step in self._done(moving, part.draws, partners):
            yield step.place, moving.images()
        last = self.views.n - 1 if self.views else 0
        for step in self._of_views:
            step(moving, np.arange(len(moving)), part.draws.branch(BRANCH + last))
            yield step.place, moving.images()

    def _moving(self, part: Part, partners: Part | None, is_followed: bool) -> Moving:
        others = Moving(partners.images.float()) if partners and self.mixes else None
        return Moving(part.images.float(), is_followed, others)

    def _done(self, moving: Moving, draws: Draws, partners: Part | None) -> Iterator[Step]:
        """Do each step, and give it."""
        rows = np.arange(len(moving))
        for i, step in enumerate(self._of_images):
            if moving.others is not None and partners and i < self._last and not step.mixes:
                step(moving.others, rows, partners.draws)
            step(moving, rows, draws)
            yield step
