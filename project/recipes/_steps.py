"""The steps of an augmentation: an operator, or a group of which each image takes some."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from project.recipes._moving import Moving, rows_by, to_device
from project.recipes.draws import Draws
from project.recipes.images import Images
from project.recipes.operators import Operator

Range = tuple[float, float]


class Step(Protocol):
    """What is done to the images of a block, or to some of them.

    Attributes:
        place: `file:line` of it.
        mixes: whether it puts images and their partners together.
    """

    place: str
    mixes: bool

    def __call__(self, moving: Moving, rows: np.ndarray, draws: Draws) -> None:
        """Do it.

        Args:
            moving: the block.
            rows: `(n,)` int64, the images that are concerned.
            draws: random numbers of each image of the block.
        """

    def misfits(self, images: Images) -> Iterator[str]:
        """Why it can't be done to such images: a line with the place for each reason."""


@dataclass(frozen=True)
class Operation:
    """An operator, done to each image with a probability, by a strength of its own.

    Attributes:
        place: `file:line`.
        number: of the step in its recipe, which tells its random numbers from those of others.
        operator: of the catalogue.
        probability: that an image is concerned.
        range: of the strengths; None: it has none.
        options: keyword arguments, the same for all images.
    """

    place: str
    number: int
    operator: Operator
    probability: float
    range: Range | None
    options: Mapping[str, Any]
    mixes: ClassVar[bool] = False

    def __call__(self, moving: Moving, rows: np.ndarray, draws: Draws) -> None:
        drawn = draws[rows].uniform(self.number, 2 + self.operator.n_draws)
        if self.probability < 1:
            kept = drawn[:, 0] < self.probability
            rows, drawn = rows[kept], drawn[kept]
        if not len(rows):
            return
        low, high = self.range or (0.0, 0.0)
        drawn[:, 1] = low + (high - low) * drawn[:, 1]
        there = to_device(torch.from_numpy(drawn), moving.device)
        try:
            self._apply(moving, rows, there[:, 1], there[:, 2:])
        except ValueError as error:
            # What an operator can tell only of images themselves, when the recipe is tried.
            raise ValueError(f"{self.place}: {error}") from error

    def _apply(self, moving: Moving, rows: np.ndarray, strength: Tensor, draws: Tensor) -> None:
        if self.operator.kind == "geometry":
            moving.move(rows, self.operator.apply(moving.size, strength, draws, **self.options))
        else:
            images = self.operator.apply(moving.at(rows), strength, draws, **self.options)
            moving.replace(rows, images)

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        name, allowed = self.operator.name, self.operator.channels
        if self.operator.kind == "composite" and images.kind == "masks":
            yield f"{self.place}: {name} can't tell where it moves pixels; masks would not follow"
        if self.operator.levels and not images.has_levels:
            yield f"{self.place}: {name} needs pixels of 0 to 255, and these are of any numbers"
        if allowed is not None and images.shape[0] not in allowed:
            wanted = " or ".join(map(str, allowed))
            yield f"{self.place}: {name} needs images of {wanted} channels, not {images.shape[0]}"


@dataclass(frozen=True)
class Group:
    """Several steps, of which each image takes a number of its own, in an order of its own.

    Attributes:
        place: `file:line`.
        number: as of `Operation`.
        steps: those to choose from.
        probability: that an image takes any.
        depth: the least and the largest number of steps that it takes.
        is_shuffled: whether their order is random; else it is that of the file.
        repeats: whether a step may be taken several times, each time with other numbers.
    """

    place: str
    number: int
    steps: Sequence[Step]
    probability: float
    depth: tuple[int, int]
    is_shuffled: bool
    repeats: bool

    @property
    def mixes(self) -> bool:
        """As of `Step`."""
        return any(step.mixes for step in self.steps)

    def __call__(self, moving: Moving, rows: np.ndarray, draws: Draws) -> None:
        n_slots = self.depth[1]
        drawn = draws[rows].uniform(self.number, 2 + (n_slots if self.repeats else len(self.steps)))
        kept = drawn[:, 0] < self.probability
        rows, drawn = rows[kept], drawn[kept]
        low, high = self.depth
        depths = low + (drawn[:, 1] * (high - low + 1)).astype(np.int64)
        chosen = self._chosen(drawn[:, 2:], depths)
        for slot in range(n_slots):
            of_slot = draws.branch(slot) if self.repeats else draws
            deep = np.flatnonzero(depths > slot)
            for which, at in rows_by(chosen[deep, slot]):
                self.steps[which](moving, rows[deep[at]], of_slot)

    def _chosen(self, drawn: np.ndarray, depths: np.ndarray) -> np.ndarray:
        """Which step each image takes at each turn, `(b, turns)`; past its depth it has no meaning.

        Args:
            drawn: `(b, turns or steps)` in [0, 1).
            depths: `(b,)`.
        """
        n = len(self.steps)
        if self.repeats:
            return (drawn * n).astype(np.int64)
        order = drawn.argsort(1, kind="stable")
        if not self.is_shuffled:
            # Those taken, as the file has them: the others go to the end.
            late = np.arange(n) >= depths[:, None]
            order = np.sort(np.where(late, n + order, order), axis=1) % n
        return order

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        for step in self.steps:
            yield from step.misfits(images)
