"""Embedding: images of one class are to lie close together, those of others farther away."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from project.hyperparameters import flag
from project.metrics import Collection, Metric
from project.metrics.retrieval import Retrieval
from project.tasks import _outputs
from project.tasks._gallery import Colour
from project.tasks._neighbours import GREEN, RED, Neighbours, beside
from project.tasks._task import Task
from project.values import Example, Prediction, Together

# Data sets and models of classification serve this, too; its losses and metrics don't.
LIKE = "classification"
UNLIKE = ("loss", "metric")
DEFAULTS = {
    "loss": ["triplet"],
    "sampler": "pk",
    "batch_size": 32,
    "monitor": "val_recall@1",
}


class Settings:
    embedding_dim: int = flag(
        64, "numbers of an embedding", bounds="[1, 65536]", sweep=(32, 64, 128, 256)
    )
    unit_length: bool = flag(
        False, "bring embeddings to length 1, for the loss and all that comes after it"
    )
    recall_at: tuple[int, ...] = flag(
        (1, 2, 4, 8), "k of the scores recall@k: is one of the k nearest right?", bounds="[1, 1000]"
    )
    embedding_limit: int = flag(
        10_000,
        "samples of a split whose neighbours are looked for, among each other; of more these many"
        " are drawn",
        bounds="[2, 1000000]",
    )
    neighbours: int = flag(5, "nearest neighbours in figures", bounds="[1, 20]")


class Embedding(Task):
    """Images `(b, C, H, W)` to embeddings `(b, embedding_dim)`; targets `(b,)` int64, the classes.

    Distances are Euclidean. Which classes there are the model never knows: those of the test may be
    others than those that were trained.
    """

    name = "embedding"
    accepts = "labels"
    headline = ("recall@1", "map@r")
    judged = "recall@1"
    outputs = "embeddings"
    drawn = "a sample, then its nearest neighbours"
    legend: ClassVar[list[tuple[str, Colour]]] = [("of its class", GREEN), ("of another", RED)]
    of_pairs = True

    def __init__(
        self, shape: tuple[int, int, int], classes: tuple[str, ...], hparams: Any = None
    ) -> None:
        super().__init__(shape, classes)
        if len(classes) < 2:
            raise ValueError(f"--task embedding needs at least 2 classes, not {len(classes)}")
        own = Settings if hparams is None else hparams.settings(__name__)
        self._own: Any = own
        if 1 not in own.recall_at:
            raise ValueError("--recall-at needs a 1: recall@1 is what a run is judged by")
        self._retrieval: Retrieval | None = None

    @property
    def n_outputs(self) -> int:
        """Numbers of an embedding."""
        return self._own.embedding_dim

    @property
    def n_tried(self) -> int:
        """Two pairs, which losses over pairs need."""
        return 6 if self.n_outputs == 4 else 4

    def embedded(self, outputs: Tensor) -> Tensor:
        """Embeddings of a model's outputs, float32: of length 1 where that was asked for."""
        found = outputs.float()
        return F.normalize(found, dim=-1) if self._own.unit_length else found

    def infer(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """The embeddings."""
        return self.embedded(model(inputs))

    def blank_targets(self, n: int) -> Tensor:
        """Two of each class."""
        return torch.arange(n) // 2 % len(self.classes)

    def blank_outputs(self, targets: Tensor) -> Tensor:
        """On a line, each class at its place."""
        return targets[:, None].float().expand(-1, self.n_outputs).contiguous()

    def check(self, outputs: Any, n: int, device: torch.device) -> str | None:
        """Embeddings `(batch, embedding_dim)`, floating, finite, on the inputs' device."""
        wanted = f"embeddings (batch, {self.n_outputs})"
        return _outputs.fault(outputs, (n, self.n_outputs), wanted, device, _misshapen)

    def metrics(
        self,
        further: Mapping[str, type[Metric]] | None = None,
        make: Callable[[str, type[Metric]], Metric] | None = None,
    ) -> Collection:
        """Retrieval, as the flags say, and further ones."""

        def made(name: str, family: type[Metric]) -> Metric:
            if family is Retrieval:
                own = self._own
                each = own.recall_at, own.embedding_limit, own.neighbours
                self._retrieval = Retrieval(len(self.classes), *each)
                return self._retrieval
            return make(name, family) if make else family(len(self.classes))

        return super().metrics(further, made)

    def badness(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """NaN: it is known once all samples are."""
        return torch.full((len(outputs),), torch.nan, device=outputs.device)

    def columns(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """The class; the rest comes with `together`."""
        return {"target": targets}

    def together(self, tables: Mapping[str, np.ndarray]) -> Together | None:
        """Of each sample: its nearest neighbour's class as `prediction`, its index and distance,

        average precision at R, and the margin: how much farther the nearest one of another class is
        than that of its own.
        """
        if "retrieval" not in tables:
            return None
        indices, _, nearest, precision, margin = tables["retrieval"].T
        near, distances = tables["neighbours"], tables["neighbour_distances"]
        columns = {
            "prediction": nearest.astype(np.int64),
            "nearest": near[:, 0],
            "distance": distances[:, 0].astype(np.float32),
            "average_precision": precision.astype(np.float32),
            "margin": margin.astype(np.float32),
        }
        kept = (torch.from_numpy(near), torch.from_numpy(distances))
        return Together(indices.astype(np.int64), -margin, kept, columns)

    def restored(self, kept: tuple[Tensor, Tensor]) -> Prediction:
        """Its nearest neighbours."""
        return Prediction(Neighbours(*(leaf.numpy() for leaf in kept)))

    def looked_up(self, prediction: Prediction, example: Callable[[int], Example]) -> Prediction:
        """With the neighbours' images."""
        found = prediction.value
        return Prediction(found._replace(examples=tuple(map(example, found.indices.tolist()))))

    def decode(self, outputs: Tensor) -> list[Prediction]:
        """The embedding of each, `(embedding_dim,)` float32."""
        return [Prediction(row) for row in outputs.detach().float().cpu().numpy()]

    def draw(self, example: Example, prediction: Prediction) -> np.ndarray:
        """The sample beside its nearest neighbours, each framed as right or wrong."""
        found = prediction.value.examples
        right = [bool(each.target == example.target) for each in found]
        return beside(example.image, [each.image for each in found], right)

    def caption(self, example: Example, prediction: Prediction) -> str:
        found = prediction.value
        near = ", ".join(self.classes[each.target] for each in found.examples)
        apart = ", ".join(f"{value:.2f}" for value in found.distances)
        return f"class {self.classes[example.target]}; nearest {near}\ndistances {apart}"

    def report(self, tables: Mapping[str, np.ndarray], folder: Path, of: str) -> None:
        """Nothing: the samples at both ends are the report."""

    def notes(self) -> list[str]:
        """That neighbours were looked for among some samples alone, or of some alone."""
        if self._retrieval is None:
            return []
        n, n_seen, n_alone = self._retrieval.counted
        told = []
        if n < n_seen:
            told.append(
                f"recall and map@r are of {n:,} samples among each other, of {n_seen:,} that the"
                " last split has; --embedding-limit takes more"
            )
        if n_alone:
            told.append(f"{n_alone:,} samples had no other of their class, and count nowhere")
        return told


def _misshapen(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Advice for a shape that is not `(n, embedding_dim)`."""
    n, size = wanted
    if shape == (n, *shape[1:]) and len(shape) > 2:
        return ": flatten it, or take the mean over the pixels"
    if len(shape) == 2 and shape[0] == n:
        return f": its last layer needs n_outputs units, {size} of --embedding-dim"
    return ": the first dimension is the batch's, and has to stay"
