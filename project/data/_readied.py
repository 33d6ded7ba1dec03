"""What a recipe makes of all images before they are normalised, and by what they are then."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from project.data._statistics import Statistics, statistics
from project.data.ragged import Ragged
from project.data.samples import Resident, Samples, Subset
from project.data.targets import CHUNK_BYTES, Targets
from project.recipes.images import Images
from project.recipes.recipe import Preparation, made
from project.recipes.trying import check_tried
from project.values import Tree

TRIED = 8  # samples by which a recipe is tried


class Prepared:
    """Samples whose images are prepared when they arrive.

    Args:
        samples: that are not.
        preparation: of a recipe.
    """

    def __init__(self, samples: Samples, preparation: Preparation) -> None:
        self._samples, self._preparation = samples, preparation
        self.targets: Targets = samples.targets
        self.shape = preparation.shape(samples.shape)
        self.dtype, self.device, self.resident = samples.dtype, samples.device, samples.resident

    def __len__(self) -> int:
        return len(self._samples)

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)`."""
        return self._preparation(self._samples.fetch(indices))

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tree]]:
        """Images and targets of consecutive pieces of `indices`, of these sizes, on the device."""
        for images, targets in self._samples.stream(indices, sizes):
            yield self._preparation(images), targets

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """Of the images before."""
        return self._samples.content(indices)

    def to(self, device: torch.device | str) -> "Prepared":
        """The same, arriving on `device`."""
        return Prepared(self._samples.to(device), self._preparation)


class PreparedRagged(Ragged):
    """Pictures of many sizes with masks, likewise; none changes its size.

    Args:
        samples: that are not prepared.
        preparation: of a recipe.
    """

    def __init__(self, samples: Ragged, preparation: Preparation) -> None:
        shape = preparation.shape(samples.shape)
        super().__init__(samples.store, samples.targets, shape, samples.dtype, samples.digests)
        self._samples, self._preparation = samples, preparation

    def fetch(self, indices: Tensor) -> Tensor:
        """Pictures `(b, C, H, W)` that are all of one size, whole."""
        return self._preparation(self._samples.fetch(indices))

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tree]]:
        """As of `Ragged`."""
        for images, targets in self._samples.stream(indices, sizes):
            yield self._preparation(images), targets

    def crops(
        self, indices: Tensor, sizes: Sequence[int], draws: Tensor
    ) -> Iterator[tuple[Tensor, Tree]]:
        """As of `Ragged`."""
        for images, targets in self._samples.crops(indices, sizes, draws):
            yield self._preparation(images), targets

    def to(self, device: torch.device | str) -> "PreparedRagged":
        """The same pictures, arriving on `device`."""
        return PreparedRagged(self._samples.to(device), self._preparation)


class Readying:
    """What a recipe does before the first batch: checked, tried, and done once where it can be.

    Args:
        text: as `--recipe` keeps it.

    Attributes:
        recipe: of the text.

    Raises:
        ValueError: what is wrong with it, a line with the place for each mistake.
    """

    def __init__(self, text: str) -> None:
        self.recipe = made(text)

    def check(self, samples: Samples) -> None:
        """Refuse samples that the recipe can't take; errors as of `Recipe.check`."""
        has_levels = samples.dtype == torch.uint8
        self.recipe.check(Images(samples.targets.kind, samples.shape, has_levels))

    def inputs(self, splits: Mapping[str, Subset], seed: int) -> dict[str, Subset]:
        """The splits as training and evaluation take them; the same if nothing is prepared.

        Raises:
            ValueError: the recipe makes all pixels of an image equal; names the step.
        """
        check_tried(self.recipe, _looked_at(splits["train"]), seed)
        preparation = self.recipe.preparation
        if not preparation.steps:
            return dict(splits)
        sources = {id(part.samples): part.samples for part in splits.values()}
        found = {key: _made(samples, preparation) for key, samples in sources.items()}
        return {
            name: Subset(found[id(part.samples)], part.indices) for name, part in splits.items()
        }

    def statistics(
        self, subset: Subset, content_hash: str, folder: Path, fit: str | None
    ) -> Statistics:
        """Mean and deviation of each channel: the recipe's own, or measured.

        Args:
            subset: the training split, prepared.
            content_hash, folder, fit: as of `statistics`.
        """
        given, n_channels = self.recipe.normalise, subset.samples.shape[0]
        own = [_of_each(values, n_channels) for values in (given.mean, given.std)] if given else []
        if own and None not in own:
            return Statistics(*own)
        prepared = self.recipe.preparation_hash
        measured = statistics(subset, content_hash, folder, fit, prepared)
        return Statistics(*map(_first, own or measured, measured))


def _looked_at(subset: Subset) -> Iterator[tuple[int, Tensor]]:
    """A few samples: each one's index and image `(1, C, H, W)`."""
    every = max(1, len(subset) // TRIED)
    for index in subset.indices[::every][:TRIED].tolist():
        yield index, subset.samples.fetch(torch.tensor([index]))


def _made(samples: Samples, preparation: Preparation) -> Samples:
    """Prepared once where all are in memory; else whenever they arrive."""
    if isinstance(samples, Ragged):
        return PreparedRagged(samples, preparation)
    if not isinstance(samples, Resident):
        return Prepared(samples, preparation)
    pieces = samples.images.split(max(1, CHUNK_BYTES // samples.images[0].nbytes))
    return Resident(torch.cat([preparation(piece) for piece in pieces]), samples.targets)


def _of_each(values: tuple[float, ...] | None, n_channels: int) -> tuple[float, ...] | None:
    return values * n_channels if values is not None and len(values) == 1 else values


def _first(own: tuple[float, ...] | None, measured: tuple[float, ...]) -> tuple[float, ...]:
    return measured if own is None else own
