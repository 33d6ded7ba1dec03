"""What a model, several of them, or one with dropout says of images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from project.inference.predictor import Predictor
from project.training.digest import digest
from project.values import Prediction

_DROPOUTS = (nn.modules.dropout._DropoutNd,)


class Answer(NamedTuple):
    """Of a batch.

    Attributes:
        predictions: one of each image.
        more: further values by name, `(n,)` each.
    """

    predictions: list[Prediction]
    more: dict[str, np.ndarray] = {}


class Answers(Protocol):
    """Says of images `(n, C, H, W)` what is in them.

    Attributes:
        first: the predictor that reads pictures, and knows the classes.
        model_hash: of all weights that have a part in it.
        columns: names of what is told besides.
    """

    first: Predictor

    @property
    def model_hash(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    def __call__(self, images: Tensor) -> Answer: ...


class OfOne:
    """Says so by a single model."""

    first: Predictor

    @property
    def model_hash(self) -> str:
        """Of its weights."""
        return self.first.weights_hash


@dataclass(frozen=True)
class Single(OfOne):
    """One model, as its test had it."""

    first: Predictor
    columns: tuple[str, ...] = ()

    def __call__(self, images: Tensor) -> Answer:
        """Decoded by the task."""
        return Answer(self.first.task.decode(self.first.outputs(images)))


@dataclass(frozen=True)
class Ensemble:
    """Several models: the mean of their probabilities.

    Raises:
        ValueError: they have other classes, or take other images.
    """

    members: Sequence[Predictor]
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for other in self.members[1:]:
            _refuse_unlike(self.first, other)

    @property
    def first(self) -> Predictor:
        """By which pictures are read."""
        return self.members[0]

    @property
    def model_hash(self) -> str:
        """Of the members' hashes, in their order."""
        return digest([member.weights_hash for member in self.members])

    def __call__(self, images: Tensor) -> Answer:
        """Float32 probabilities are summed in double precision."""
        each = torch.stack([member.probs(images).double() for member in self.members])
        return Answer(self.first.task.chosen(each.mean(0).float()))


@dataclass(frozen=True)
class Dropout(OfOne):
    """One model, passed `n` times with its dropout on: the mean of the probabilities.

    Batch normalisation stays in evaluation. `bald` is H(mean p) - mean H(p), the part of the
    entropy that the passes disagree about, divided by ln C as `entropy` is; of masks its mean over
    the pixels. The masks of dropout are drawn anew for each batch from `seed`: what an image gets
    depends on its place in the batch.
    Source: N. Houlsby et al. 2011, https://arxiv.org/abs/1112.5745; Y. Gal and Z. Ghahramani 2016,
    https://arxiv.org/abs/1506.02142.

    Raises:
        ValueError: the model has no layer of dropout.
    """

    first: Predictor
    n: int
    seed: int
    columns: tuple[str, ...] = ("bald",)
    layers: list[nn.Module] = field(init=False)

    def __post_init__(self) -> None:
        found = [m for m in self.first.model.modules() if isinstance(m, _DROPOUTS) and m.p > 0]
        if not found:
            raise ValueError(
                f"--mc-dropout: model {self.first.hparams.model} has no layer of dropout"
            )
        object.__setattr__(self, "layers", found)

    def passes(self, images: Tensor) -> Tensor:
        """The probabilities of each pass, `(n_passes, n, n_classes, ...)`."""
        devices = [self.first.device] if self.first.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)
            self._let(True)
            try:
                return torch.stack([self.first.probs(images) for _ in range(self.n)])
            finally:
                self._let(False)

    def __call__(self, images: Tensor) -> Answer:
        """As for `Ensemble`, with `bald`."""
        each = self.passes(images).double()
        mean = each.mean(0)
        share = (_entropy(mean, 1) - _entropy(each, 2).mean(0)) / np.log(mean.shape[1])
        bald = share.flatten(1).mean(1) if share.ndim > 1 else share
        predictions = self.first.task.chosen(mean.float())
        return Answer(predictions, {"bald": bald.clamp(min=0).cpu().numpy()})

    def _let(self, drop: bool) -> None:
        for layer in self.layers:
            layer.train(drop)


def _entropy(probs: Tensor, dim: int) -> Tensor:
    """-sum p ln p."""
    return -torch.special.xlogy(probs, probs).sum(dim)


def _refuse_unlike(one: Predictor, other: Predictor) -> None:
    n_sides = 1 if one.task.of_pixels else 3
    for what, a, b in (
        ("task", _kind(one), _kind(other)),
        ("classes", one.classes, other.classes),
        ("images", one.shape[:n_sides], other.shape[:n_sides]),
        ("pixel values", one.dtype, other.dtype),
        ("way of reading pictures", one.intake, other.intake),
    ):
        if a != b:
            raise ValueError(
                f"--with {_name(other)}: its {what} are others than those of {_name(one)}: an"
                " ensemble needs the same"
            )


def _kind(predictor: Predictor) -> tuple[bool, bool]:
    """What it tells of an image."""
    return predictor.task.of_pixels, predictor.task.decides


def _name(predictor: Predictor) -> str:
    return predictor.run_id or predictor.weights_hash[:19]
