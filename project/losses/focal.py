"""Focal loss: cross-entropy that gives little weight to samples already classified well."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from project.hyperparameters import flag
from project.losses._pixels import known, sample_means

TASKS = ("classification", "segmentation")


class Settings:
    focal_gamma: float = flag(
        2.0,
        "gamma of the focal loss: the larger, the less counts what is classified well",
        bounds="[0, 100]",
        sweep="[0, 5]",
    )


def build(hparams: Any, class_weights: Tensor | None = None) -> Callable[[Tensor, Tensor], Tensor]:
    """Focal loss -w_target (1 - p_target)^gamma log p_target, with class weights w if there are.

    Logits `(batch, n_classes)` and targets `(batch,)` int64 to losses `(batch,)` float32, in nats;
    likewise logits `(batch, n_classes, height, width)` and masks `(batch, height, width)`, of which
    a sample's loss is the mean over its pixels that are not ignored, 0 if all are.

    With gamma = 0 it is the cross-entropy.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017, equations 4 and 5; 2, the
    usual gamma, is the one that they found best.
    """
    gamma = hparams.settings(__name__).focal_gamma

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        weights = None if class_weights is None else class_weights.to(logits.device)
        return focal(logits, targets, weights, gamma)

    return loss


def focal(
    logits: Tensor, targets: Tensor, weights: Tensor | None = None, gamma: float = 2.0
) -> Tensor:
    """The loss itself; see `build`."""
    counts = known(targets)
    there = targets if targets.ndim == 1 else targets.where(counts, 0)
    log_probs = torch.log_softmax(logits.float(), dim=1)
    log_p = log_probs.gather(1, there[:, None]).squeeze(1)
    # expm1 keeps 1 - p exact where p is nearly 1.
    losses = (-torch.expm1(log_p)) ** gamma * -log_p
    if weights is not None:
        losses = weights[there] * losses
    return sample_means(losses.where(counts, 0), targets)
