"""What every task says: what outputs and targets mean. It loads, optimizes and logs nothing."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from project.metrics import Collection, Metric, collected
from project.tasks._canvas import save
from project.tasks._gallery import Colour, Tile, gallery, portrait
from project.values import Example, Prediction, Together, Tree, mapped


class Task(ABC):
    """A task; a subclass is handed what its arguments name.

    Args:
        shape: channels, height and width of an image.
        classes: names, by target.

    Attributes:
        name: of the class that by which metrics know it; of one that was built what was chosen.
        accepts: the kind of targets: `labels` or `masks`.
        headline: the scores shown first, without their split; the first of them each epoch, too.
        judged: the one of which a comparison says which run is better.
        outputs: what the model's outputs are called.
        drawn: what stands side by side in the picture of a sample, if several things do.
        n_blank: made-up samples that a metric is tried on, at most.
        decides: whether outputs are logits of classes, by which it decides for one.
        of_pairs: whether its losses are of pairs, so that a sample's depends on its batch; then
            training alone has a loss.

    Raises:
        ValueError: the task can't be done with such images or classes; the message names the flag.
    """

    name: ClassVar[str]
    accepts: ClassVar[str]
    headline: ClassVar[tuple[str, ...]]
    judged: ClassVar[str]
    outputs: ClassVar[str] = "outputs"
    drawn: ClassVar[str] = ""
    n_blank: ClassVar[int] = 64
    decides: ClassVar[bool] = False
    of_pairs: ClassVar[bool] = False

    def __init__(self, shape: tuple[int, int, int], classes: tuple[str, ...]) -> None:
        self.shape, self.classes = shape, classes

    @property
    def of_pixels(self) -> bool:
        """Whether pixels are what it is about: outputs are as large as images, of any size."""
        return self.accepts == "masks"

    @property
    def n_outputs(self) -> int:
        """Columns, or channels, of the model's outputs."""
        return len(self.classes)

    @property
    def n_tried(self) -> int:
        """Made-up images that model and loss are tried on.

        Another number than the outputs', so that what is transposed has another shape.
        """
        return 3 if self.n_outputs == 2 else 2

    def infer(self, model: nn.Module, inputs: Tensor) -> Tree:
        """What evaluation takes for the model's outputs of inputs `(b, C, H, W)`."""
        return model(inputs)

    @abstractmethod
    def blank_targets(self, n: int) -> Tree:
        """Made-up targets of `n` samples, as various as can be, on the CPU."""

    @abstractmethod
    def blank_outputs(self, targets: Tree) -> Tree:
        """Outputs that find exactly these targets, float32 on the CPU."""

    @abstractmethod
    def check(self, outputs: Any, n: int, device: torch.device) -> str | None:
        """What is wrong with what a model returned for `n` images on a device; None if nothing."""

    def metrics(
        self,
        further: Mapping[str, type[Metric]] | None = None,
        make: Callable[[str, type[Metric]], Metric] | None = None,
    ) -> Collection:
        """The package's metrics of this task, and further ones, as one.

        Args:
            further: from elsewhere, by what they are called on the command line.
            make: makes one of its name and class, where they need more than the number of classes.
        """
        return collected(type(self).name, len(self.classes), further, make)

    def weights(self, targets: Tree) -> Tensor | None:
        """What each sample counts in the mean loss of an evaluation, `(b,)`; None: 1 each."""

    @abstractmethod
    def badness(self, outputs: Tree, targets: Tree) -> Tensor:
        """How wrong each sample's outputs are, `(b,)` float32; larger is worse."""

    def columns(self, outputs: Tree, targets: Tree) -> dict[str, Tensor]:
        """What is told of each tested sample, besides its loss: `(b,)` or `(b, k)`, by name."""
        return {"badness": self.badness(outputs, targets)}

    def told(self, outputs: Tree, targets: Tree) -> tuple[Tensor, dict[str, Tensor]]:
        """`badness` and `columns` of the same samples.

        A task may compute once what both need; of its subclasses either may differ from its own.
        """
        return self.badness(outputs, targets), self.columns(outputs, targets)

    def together(self, tables: Mapping[str, np.ndarray]) -> Together | None:
        """What only all samples of a pass together tell of each; None: nothing.

        Args:
            tables: of the pass's metrics, by name.
        """

    def raw_columns(self, outputs: Tree) -> dict[str, Tensor]:
        """What `--save-logits` keeps of the outputs, `(b,)` or `(b, k)` float32, by name."""
        if isinstance(outputs, Tensor) and outputs.ndim < 3:
            return {self.outputs: outputs.float()}
        return {}

    def kept(self, outputs: Tree) -> Tree:
        """What a picture of the best and worst samples needs of their outputs; small, if it can."""
        return outputs

    def restored(self, kept: Tree) -> Prediction:
        """What was predicted for a sample, of what was kept of its outputs, without dimension 0."""
        return self.decode(mapped(lambda leaf: leaf[None], kept))[0]

    def looked_up(self, prediction: Prediction, example: Callable[[int], Example]) -> Prediction:
        """The prediction with the other samples that it names, so that it can be drawn.

        Args:
            prediction: as restored.
            example: gives a sample of the split by its index of the data set.
        """
        return prediction

    @abstractmethod
    def decode(self, outputs: Tree) -> list[Prediction]:
        """What the outputs say of each sample."""

    def probs(self, outputs: Tree) -> Tensor | None:
        """The probability of each class, `(b, n_classes, ...)` float32; None: there are none."""

    def decisions(self, outputs: Tree) -> Tensor:
        """The class that the outputs decide for, `(b, ...)` int64, in a graph as outside of one.

        Raises:
            NotImplementedError: the task decides for something else.
        """
        raise NotImplementedError(f"task {self.name} decides for no class")

    def chosen(self, probs: Tensor) -> list[Prediction]:
        """What probabilities say of each sample, as of a mean of several models'.

        Args:
            probs: as `probs` gives them.

        Raises:
            NotImplementedError: the task has none.
        """
        raise NotImplementedError(f"task {self.name} has no probabilities")

    @abstractmethod
    def draw(self, example: Example, prediction: Prediction) -> np.ndarray:
        """A picture of a sample and what was predicted, `(H, W, 3)` uint8."""

    @abstractmethod
    def caption(self, example: Example, prediction: Prediction) -> str:
        """What stands below that picture, a few short lines."""

    @property
    def legend(self) -> Sequence[tuple[str, Colour]]:
        """What the colours of that picture stand for."""
        return ()

    def show(
        self, shown: Sequence[tuple[Example, Prediction]], title: Sequence[str], path: Path
    ) -> None:
        """Write a picture of samples, as they are drawn, with their files' names and captions.

        Args:
            shown: each with what was predicted.
            title: lines above all.
            path: of the PNG file.

        Raises:
            OSError: it can't be written, or the disk is full; it is not left half written.
        """
        tiles = [
            Tile(self.draw(*each), [_called(each[0]), *self.caption(*each).splitlines()])
            for each in shown
        ]
        save(gallery(tiles, title, self.legend), path)

    def portrait(self, image: np.ndarray, prediction: Prediction, name: str) -> Image.Image:
        """A picture of an image of which nothing is known but what was predicted.

        Args:
            image: `(H, W, 3)` or `(H, W)` uint8.
            prediction: what was predicted.
            name: of the image.
        """
        return portrait(self.over(image, prediction), [name, *self.says(prediction)], self.legend)

    def over(self, image: np.ndarray, prediction: Prediction) -> np.ndarray:
        """The image with what was predicted drawn over it, `(H, W, 3)` uint8."""
        return rgb(image)

    def says(self, prediction: Prediction) -> list[str]:
        """What was predicted, in a few short lines."""
        return []

    @abstractmethod
    def report(self, tables: Mapping[str, np.ndarray], folder: Path, of: str) -> None:
        """Write figures of a pass's tables, by name, into a folder.

        Args:
            tables: by name.
            folder: that is there.
            of: what was evaluated, such as "test"; stands above each figure.

        Raises:
            OSError: it can't be written, or the disk is full; no file is left half written.
        """

    def notes(self) -> list[str]:
        """What a person should know of how it was evaluated, a line each, once that was done."""
        return []

    def describe(self) -> dict[str, Any]:
        """What the record and the checkpoints say of it."""
        return {"name": self.name, "headline": list(self.headline), "judged": self.judged}


def rgb(image: np.ndarray) -> np.ndarray:
    """An image `(H, W)` or `(H, W, 3)` uint8 as `(H, W, 3)`."""
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def _called(example: Example) -> str:
    """The file's name, or the number of a sample that has none."""
    return str(example.name) if example.name is not None else f"sample {example.index}"
