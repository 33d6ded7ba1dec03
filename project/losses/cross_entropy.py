"""Cross-entropy, with label smoothing."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional as F


def build(hparams: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Cross-entropy against targets of which `label_smoothing` is spread evenly over all classes.

    With n classes and smoothing e, the loss of a sample is -(1 - e) log p_target - e / n sum_k log
    p_k. Logits `(batch, n_classes)` and targets `(batch,)` int64 to losses `(batch,)` float32, in
    nats.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016,
    section 7.
    """
    label_smoothing = hparams.label_smoothing

    def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(
            logits.float(), targets, reduction="none", label_smoothing=label_smoothing
        )

    return cross_entropy
