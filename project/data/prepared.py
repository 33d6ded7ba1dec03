"""A data set that is split and measured: what a run is told of it, and its loaders."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from project.data._counts import counted
from project.data._drawing import check_grouped, drawn_classes
from project.data._former import sample_hashes
from project.data._leaks import Leaks
from project.data._loader import Loader
from project.data.examples import example
from project.data.files import Files
from project.data.ragged import Ragged
from project.data.samples import Pictures, Subset
from project.hyperparameters import Hyperparameters
from project.values import Example
from project.words.returned import dtype_name

if TYPE_CHECKING:
    from project.data._changing import Augmented
    from project.recipes.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Data:
    """A data set, split and measured.

    Attributes:
        name: on the command line.
        classes: names, by target.
        shape: `(channels, height, width)` of an image, as training takes it.
        mean: per channel over the training split, in units of the pixel value / 255; of float32
            images, in those of the value.
        std: likewise.
        class_counts: samples of each class in the training split, as trained; of masks, pixels.
        train, val, test: the samples of each split.
        hashes: `blake3:<hex>` by split.
        hash: of all splits.
        files: that the data set was read from; None: there are none of its own.
        leaks: images that are in two splits, or under two labels or masks; None: it can't be told.
        fit: how pictures of any shape became squares; None: that was not done.
        pictures: which know the names of the samples; None: these have none.
        starts: by split, the number among all pictures of its source's first sample.
        recipe: by which images are prepared and augmented; None: there is none.
        inputs: by split, the samples as training and evaluation take them: prepared.
    """

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_counts: tuple[int, ...]
    train: Subset
    val: Subset
    test: Subset
    hashes: Mapping[str, str]
    hash: str
    files: Files | None
    leaks: Leaks | None
    fit: str | None = None
    pictures: Pictures | None = None
    starts: Mapping[str, int] = field(default_factory=dict)
    recipe: "Recipe | None" = None
    inputs: Mapping[str, Subset] = field(default_factory=dict)

    @property
    def taken(self) -> tuple[int, int, int]:
        """`(channels, height, width)` of an image as the data set has it, before the recipe."""
        return self.train.samples.shape

    @property
    def kind(self) -> str:
        """What is true of the samples: "labels" or "masks"."""
        return self.train.kind

    @property
    def dtype(self) -> str:
        """Of a pixel's value: "uint8" or "float32"."""
        return dtype_name(self.train.samples.dtype)

    def describe(self) -> dict[str, Any]:
        """What the run's record says about the data, as plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "classes": list(self.classes),
            "shape": list(self.shape),
            "sizes": self._sizes(),
            "dtype": self.dtype,
            "fit": self.fit,
            "counts": {name: self._counts(part) for name, part in self._splits().items()},
            "mean": list(self.mean),
            "std": list(self.std),
            "hash": self.hash,
            "hashes": dict(self.hashes),
            "leaks": None if self.leaks is None else self.leaks.describe(),
        } | self._of_recipe()

    def file_hashes(self) -> dict[str, str] | None:
        """Of each of its files, by name; None if it has none of its own."""
        return dict(self.files.hashes()) if self.files else None

    def refuse_leaks(self) -> None:
        """Refuse data with an image in two splits, or under two labels or masks.

        Raises:
            ValueError: there is one, or it can't be told; the message names a few.
        """
        if self.leaks is None:
            raise ValueError(f"--refuse-leaks: equal images of --data {self.name} can't be found")
        if self.leaks:
            raise ValueError("\n".join(f"--refuse-leaks: {line}" for line in self.leaks.lines()))

    def sample_hashes(self) -> dict[str, np.ndarray] | None:
        """Which samples are in which split: of each the hash, `(n, 8)` uint8, by split.

        None if that takes too long, see `_former`. Where the same few samples train and validate
        (`overfit_batches`), they are told as those that train.
        """
        parts = self._splits()
        if self.hashes["val"] == self.hashes["train"]:
            del parts["val"]
        found = {name: sample_hashes(part.samples, part.indices) for name, part in parts.items()}
        return None if any(rows is None for rows in found.values()) else found

    def to(self, device: torch.device | str) -> "Data":
        """The same data with its images on `device`; those that are streamed will arrive there."""
        splits, inputs = self._splits(), self._inputs()
        moved = _moved(inputs, device)
        # What is prepared is not moved as it was before: it would take as much memory again.
        same = {name: moved[name] for name in splits if inputs[name] is splits[name]}
        return replace(self, **same, inputs=moved)

    def example(self, split: str, index: int) -> Example:
        """The sample of "train", "val" or "test" at an index of the data set, to be looked at.

        Raises:
            ValueError: it can't be decoded; the message names it.
            OSError: a file can't be read.
        """
        return replace(example(self._splits()[split], index), name=self.name_of(split, index))

    def name_of(self, split: str, index: int) -> str | None:
        """The file of the sample at an index, below the data's folder; None: it has none."""
        return None if self.pictures is None else self.pictures.name(self.starts[split] + index)

    def loader(
        self, split: str, hparams: Hyperparameters, *, rank: int = 0, world_size: int = 1
    ) -> Loader:
        """Batches of "train", "val" or "test" for one of `world_size` processes.

        Raises:
            ValueError: there are fewer samples, in a batch or in the training split, than
                processes; or no batches can be made as `sampler` says.
        """
        part, training = self._inputs()[split], split == "train"
        drawn, per_class = None, 0
        if training and hparams.sampler in ("balanced", "pk"):
            drawn = drawn_classes(part, len(self.classes))
        if training and hparams.sampler == "pk":
            per_class = hparams.samples_per_class
            check_grouped(drawn, self.classes, per_class, hparams.batch_size)
        return Loader(
            part,
            self.mean,
            self.std,
            batch_size=hparams.batch_size,
            seed=hparams.seed,
            training=training,
            shuffle=training and hparams.overfit_batches is None,
            drawn=drawn,
            per_class=per_class,
            augmentations=hparams.augment if training else (),
            augmented=self._augmented(part, hparams.seed) if training else None,
            limit=1 if hparams.fast_dev_run else hparams.limit_batches,
            rank=rank,
            world_size=world_size,
            leaked=self.leaks.rows if self.leaks and split == "test" else (),
        )

    def _splits(self) -> dict[str, Subset]:
        return {"train": self.train, "val": self.val, "test": self.test}

    def _augmented(self, part: Subset, seed: int) -> "Augmented | None":
        if self.recipe is None or self.recipe.augmentation is None:
            return None
        from project.data._changing import Augmented  # which runs without a recipe need not pay

        return Augmented(self.recipe.augmentation, part, len(self.classes), seed)

    def _inputs(self) -> Mapping[str, Subset]:
        return self.inputs or self._splits()

    def _of_recipe(self) -> dict[str, Any]:
        """What the record says of the recipe, if there is one."""
        if self.recipe is None:
            return {}
        told = {"name": self.recipe.name, "hash": self.recipe.hash, "taken": list(self.taken)}
        return {"recipe": told | {"measured": self.recipe.measured}}

    def _sizes(self) -> dict[str, list[int]] | None:
        """The smallest and largest height and width, of pictures of which training takes crops."""
        samples = [part.samples for part in self._splits().values()]
        found = [part.sizes for part in samples if isinstance(part, Ragged)]
        if not found:
            return None
        every = np.concatenate(found)
        return {"smallest": every.min(0).tolist(), "largest": every.max(0).tolist()}

    def _counts(self, part: Subset) -> dict[str, Any]:
        return counted(part, len(self.classes))


def _moved(splits: Mapping[str, Subset], device: torch.device | str) -> dict[str, Subset]:
    """The splits with their samples, of which several may share some, on a device."""
    sources = {id(part.samples): part.samples for part in splits.values()}
    moved = {key: samples.to(device) for key, samples in sources.items()}
    return {name: Subset(moved[id(part.samples)], part.indices) for name, part in splits.items()}
