"""What a model of embeddings says of images: where they lie, and what is nearest among others."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from project.cli.stage import stage
from project.inference.answers import Answer
from project.inference.chunks import Reader, chunks
from project.inference.found import find
from project.inference.inputs import named
from project.inference.predictor import Predictor
from project.inference.test_split import Splits

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Reference:
    """Images among which the nearest are looked for.

    Attributes:
        names: of each.
        classes: of each, where they are known; else none.
        embeddings: `(n, D)` float64.
    """

    names: np.ndarray
    classes: np.ndarray
    embeddings: np.ndarray

    def nearest(self, embeddings: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest of each embedding `(b, D)`, nearest first.

        Returns:
            Their places and their Euclidean distances, `(b, k)` each; of equal ones the first come
            first.
        """
        points = embeddings.astype(np.float64)
        squares = (points**2).sum(1)[:, None] + (self.embeddings**2).sum(1)
        apart = np.sqrt(np.maximum(squares - 2 * points @ self.embeddings.T, 0))
        places = np.argsort(apart, axis=1, kind="stable")[:, :k]
        return places, np.take_along_axis(apart, places, 1)


@dataclass(frozen=True)
class Embeddings:
    """One model's embeddings, and the `k` nearest of each in a reference, if there is one."""

    first: Predictor
    reference: Reference | None = None
    k: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the nearest, their distances, and their classes where they are known."""
        if self.reference is None:
            return ()
        each = ["nearest", "distance", *(["class"] if len(self.reference.classes) else [])]
        return tuple(f"{name}_{i + 1}" for i in range(self._k) for name in each)

    @property
    def model_hash(self) -> str:
        """Of its weights."""
        return self.first.weights_hash

    @property
    def _k(self) -> int:
        assert self.reference is not None
        return min(self.k, len(self.reference.names))

    def __call__(self, images: Tensor) -> Answer:
        """Decoded by the task."""
        predictions = self.first.task.decode(self.first.outputs(images))
        if self.reference is None:
            return Answer(predictions)
        places, apart = self.reference.nearest(np.stack([p.value for p in predictions]), self._k)
        more: dict[str, np.ndarray] = {}
        for i in range(self._k):
            more[f"nearest_{i + 1}"] = self.reference.names[places[:, i]]
            more[f"distance_{i + 1}"] = apart[:, i]
            if len(self.reference.classes):
                more[f"class_{i + 1}"] = self.reference.classes[places[:, i]]
        return Answer(predictions, more)


def embeddings_of(first: Predictor, arguments: Namespace) -> Embeddings:
    """The model, and what `--nearest` names.

    Raises:
        ValueError: a flag asks for what embeddings have not, or there is no such reference.
        OSError: it can't be read.
    """
    given = {
        "--with": arguments.others,
        "--mc-dropout": arguments.mc_dropout,
        "--calibrated": arguments.calibrated,
        "--conformal": arguments.conformal is not None,
        "--draw": arguments.draw,
    }
    if wrong := [flag for flag, value in given.items() if value]:
        raise ValueError(f"{wrong[0]}: task {first.task.name} gives embeddings, no probabilities")
    if arguments.nearest is None:
        if arguments.top_k > 1:
            raise ValueError(
                f"--top-k of embeddings needs --nearest, the nearest {arguments.top_k}"
            )
        return Embeddings(first)
    stage("embedding the reference")
    where = arguments.nearest
    found = _of_split if where in SPLITS and not Path(where).exists() else _of_pictures
    return Embeddings(first, found(first, where, arguments), arguments.top_k)


def _of_split(first: Predictor, split: str, arguments: Namespace) -> Reference:
    """The samples of a split of the run, with their classes."""
    run = find(arguments.run, arguments.exp_dir).run
    if run is None:
        raise ValueError(f"--nearest {split}: {arguments.run} lies in no run; give a folder")
    splits = Splits.of_run(run, first.hparams)
    names: list[str] = []
    classes: list[str] = []
    parts = []
    for held in splits.batches(split):
        for index in held.indices.tolist():
            names.append(splits.dataset.name_of(split, index) or f"{split} {index}")
        classes += [first.classes[target] for target in held.targets.tolist()]
        parts.append(_embedded(first, held.images))
    return Reference(np.array(names, object), np.array(classes, object), np.concatenate(parts))


def _of_pictures(first: Predictor, where: str, arguments: Namespace) -> Reference:
    """Pictures of a folder, or of whatever else is predicted; their classes nobody knows."""
    items = named([where], first.shape[0], sys.stdin)
    reader = Reader(first.intake, first.shape, np.empty(0, np.uint64))
    size = arguments.batch_size or first.hparams.batch_size
    names: list[str] = []
    parts: list[np.ndarray] = []
    faults: list[str] = []
    for chunk in chunks(items, reader, size, arguments.workers, first.device.type == "cuda"):
        faults += filter(None, chunk.faults)
        for images, places in zip(chunk.groups, chunk.places, strict=True):
            names += [chunk.names[place] for place in places]
            parts.append(_embedded(first, images))
    if not parts:
        raise ValueError(f"--nearest {where}: {faults[0]}")
    for line in _left_out(faults):
        print(line, file=sys.stderr)
    return Reference(np.array(names, object), np.empty(0, object), np.concatenate(parts))


def _left_out(faults: list[str]) -> Iterator[str]:
    if faults:
        yield f"warning: {len(faults):,} of --nearest could not be read: {faults[0]}"


def _embedded(first: Predictor, images: Tensor) -> np.ndarray:
    outputs = first.outputs(images)
    assert isinstance(outputs, Tensor)
    return outputs.to("cpu", torch.float64).numpy()
