"""Focal loss: cross-entropy that gives little weight to samples already classified well."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

# The value the paper found best, and the one in general use.
GAMMA = 2


def build(hparams: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Focal loss -(1 - p_target)^2 log p_target, without class weights.

    Logits `(batch, n_classes)` and targets `(batch,)` int64 to losses `(batch,)` float32, in nats.

    Raises:
        ValueError: `label_smoothing` is asked for, which the focal loss does not define.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 4 with gamma = 2.
    """
    if hparams.label_smoothing > 0:
        raise ValueError(
            f"--label-smoothing {hparams.label_smoothing:g} is not defined for --loss focal: leave"
            " it out or use --loss cross-entropy"
        )
    return focal


def focal(logits: Tensor, targets: Tensor) -> Tensor:
    """The loss itself; see `build`."""
    log_probs = torch.log_softmax(logits.float(), dim=1)
    log_p = log_probs.gather(1, targets[:, None]).squeeze(1)
    # expm1 keeps 1 - p exact where p is nearly 1.
    return (-torch.expm1(log_p)) ** GAMMA * -log_p
