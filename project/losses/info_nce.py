"""InfoNCE, or NT-Xent: an anchor is to pick its positive out of all negatives of the batch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from project.hyperparameters import flag
from project.losses._pairs import first_of_rank, pairs

TASKS = ("embedding",)
VIEWS = True  # takes embeddings of all views


class Settings:
    temperature: float = flag(
        0.1,
        "temperature of InfoNCE: the smaller, the more count the nearest negatives",
        bounds="(0, 100]",
        sweep="log [0.02, 1]",
    )


def build(hparams: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """InfoNCE of each sample, over the batch of all ranks.

    With s the cosine of two embeddings over the temperature, an anchor's loss is the mean over its
    positives p of -log(exp s_p / (exp s_p + sum_n exp s_n)), n being its negatives.

    Embeddings `(b, D)` and labels `(b,)` int64: those of the same class are positives, those of
    others negatives. Of several views of each image, embeddings `(b, V, D)`: an image's other views
    are the positives, all views of other images the negatives, whatever the labels; a sample's loss
    is the mean over its views. Losses are `(b,)` float32; 0 where there is no positive.

    Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018,
    equation 4; of two views, Chen et al., "A Simple Framework for Contrastive Learning of Visual
    Representations", 2020, equation 1.
    """
    temperature = hparams.settings(__name__).temperature

    def info_nce(embeddings: Tensor, labels: Tensor) -> Tensor:
        if embeddings.ndim == 2:
            return _of_anchors(embeddings, labels, temperature)
        n, n_views, _ = embeddings.shape
        image = torch.arange(n, device=embeddings.device) + first_of_rank(n, embeddings.device)
        each = _of_anchors(embeddings.flatten(0, 1), image.repeat_interleave(n_views), temperature)
        return each.view(n, n_views).mean(1)

    return info_nce


def _of_anchors(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    batch = pairs(embeddings, labels)
    anchors, every = (F.normalize(rows, dim=1) for rows in (batch.anchors, batch.every))
    similar = anchors @ every.T / temperature
    # Not -inf: without any negative the gradient would be NaN.
    least = torch.finfo(similar.dtype).min
    negatives = similar.masked_fill(~batch.negative, least).logsumexp(1, keepdim=True)
    losses = F.softplus(negatives - similar)  # -log(e^s / (e^s + e^n))
    counted = batch.positive.sum(1)
    return losses.where(batch.positive, 0).sum(1) / counted.clamp(min=1)
