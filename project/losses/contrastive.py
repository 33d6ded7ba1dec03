"""Contrastive loss of pairs: alike ones come together, others keep a distance (siamese nets)."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from project.hyperparameters import flag
from project.losses._pairs import pairs

TASKS = ("embedding",)


class Settings:
    contrastive_margin: float = flag(
        1.0,
        "distance from which on a pair of two classes costs nothing",
        bounds="(0, 1000]",
        sweep="log [0.25, 4]",
    )


def build(hparams: Any, task: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Contrastive loss of each anchor with all others of the batch, of all ranks.

    A pair of Euclidean distance d costs d^2 / 2 if it is of one class, and max(0, m - d)^2 / 2 if
    not; an anchor the mean over its pairs of the first kind plus that over its pairs of the second
    kind, so that either weighs alike. Both images of a pair pass the same net, in one batch.

    Embeddings `(b, D)` and labels `(b,)` int64 to losses `(b,)` float32.

    Source: Hadsell et al., "Dimensionality Reduction by Learning an Invariant Mapping", 2006,
    equation 4.
    """
    margin = hparams.settings(__name__).contrastive_margin

    def contrastive(embeddings: Tensor, labels: Tensor) -> Tensor:
        batch = pairs(task.embedded(embeddings), labels)
        apart = batch.distances()
        alike = _mean(apart.square() / 2, batch.positive)
        return alike + _mean(F.relu(margin - apart).square() / 2, batch.negative)

    return contrastive


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    """Of each row's values that count, `(b,)`; 0 where none does."""
    return (values * counted).sum(1) / counted.sum(1).clamp(min=1)
