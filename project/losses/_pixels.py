"""What losses of masks share: a sample's loss is the mean over its pixels, but for ignored ones."""

import torch
from torch import Tensor

from project.values import IGNORED


def known(targets: Tensor) -> Tensor:
    """Which pixels are not ignored, as `targets`, bool; of labels, all are."""
    return targets != IGNORED if targets.ndim > 1 else torch.ones_like(targets, dtype=torch.bool)


def sample_means(losses: Tensor, targets: Tensor) -> Tensor:
    """The loss of each sample, `(batch,)`; of one without a pixel that counts it is 0.

    Args:
        losses: of each label `(batch,)`, or of each pixel `(batch, height, width)`, 0 where it is
            ignored.
        targets: of the same shape.
    """
    if targets.ndim == 1:
        return losses
    n_pixels = known(targets).flatten(1).sum(1)
    return losses.flatten(1).sum(1) / n_pixels.clamp(min=1)
