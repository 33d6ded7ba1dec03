"""Cross-entropy, with label smoothing and class weights."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from project.losses._pixels import sample_means
from project.values import IGNORED

TASKS = ("classification", "segmentation")
MIXED = True  # takes the probabilities of mixed images, too
_NONE = -100  # no class; 255 may be one of labels


def build(hparams: Any, class_weights: Tensor | None = None) -> Callable[[Tensor, Tensor], Tensor]:
    """Cross-entropy against targets of which `label_smoothing` is spread evenly over all classes.

    With n classes, smoothing e and class weights w (1 each, if there are none), the loss of a label
    or a pixel is -(1 - e) w_target log p_target - e / n sum_k w_k log p_k. Logits `(batch,
    n_classes)` and targets `(batch,)` int64 to losses `(batch,)` float32, in nats; likewise logits
    `(batch, n_classes, height, width)` and masks `(batch, height, width)`, of which a sample's loss
    is the mean over its pixels that are not ignored, 0 if all are. Of images that a recipe has
    mixed, targets are probabilities q `(batch, n_classes)` float32: the loss is the sum over the
    classes of q_k times that of label k.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016,
    section 7.
    """

    def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
        is_mixed = targets.is_floating_point()
        losses = F.cross_entropy(
            logits.float(),
            targets,
            None if class_weights is None else class_weights.to(logits.device),
            reduction="none",
            ignore_index=IGNORED if targets.ndim > 1 and not is_mixed else _NONE,
            label_smoothing=cross_entropy.label_smoothing,
        )
        return losses if is_mixed else sample_means(losses, targets)

    # An attribute, which a course may set for a step.
    cross_entropy.label_smoothing = hparams.label_smoothing
    return cross_entropy
