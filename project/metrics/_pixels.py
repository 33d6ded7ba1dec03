"""What segmentation's metrics derive from a batch of logits, each thing computed at most once."""

import math
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

# The value of a target's pixel that counts nowhere.
IGNORED = 255
# Of a class that is farther below the largest logit, exp is 0 in float32; -inf times 0 is NaN.
LEAST = -104.0


class Certainty(NamedTuple):
    """How sure each prediction is, `(b, H, W)`, float32, or float64 of such logits.

    Attributes:
        confidence: the largest probability.
        entropy: -sum p ln p / ln n_classes, from 0 to 1.
    """

    confidence: Tensor
    entropy: Tensor


class Pixels:
    """A view of one batch of images that metrics share; it never waits for the device.

    Args:
        logits: `(b, n_classes, H, W)`, any floating dtype and strides.
        targets: `(b, H, W)` int64 in `0..n_classes - 1`, or 255 where a pixel is ignored.

    Attributes:
        top: the largest logit, NaN if any is, `(b, H, W)` in the logits' dtype.
        preds: its class, the first of equals, `(b, H, W)` int64.

    Raises:
        ValueError: the shapes or dtypes are others.
    """

    def __init__(self, logits: Tensor, targets: Tensor) -> None:
        shape = logits.shape
        if len(shape) != 4 or not logits.is_floating_point():
            raise ValueError(
                f"logits have shape {tuple(shape)} and {logits.dtype}; "
                "they must be (batch, n_classes, height, width) and floating"
            )
        n, self.n_classes, *size = shape
        if targets.shape != (n, *size) or targets.dtype != torch.int64:
            raise ValueError(
                f"targets have shape {tuple(targets.shape)} and {targets.dtype}; "
                f"they must be {(n, *size)} and torch.int64 for these logits"
            )
        self.logits, self.targets = logits.detach(), targets
        # Both at once take a tenth of the time of `argmax` alone on some CPUs.
        self.top, self.preds = self.logits.max(1)

    @cached_property
    def ignored(self) -> Tensor:
        """Which pixels count nowhere, `(b, H, W)` bool."""
        return self.targets == IGNORED

    @cached_property
    def right(self) -> Tensor:
        """Which pixels are predicted as their class, `(b, H, W)` bool."""
        return self.preds == self.targets

    @cached_property
    def certainty(self) -> Certainty:
        """From one pass of exponentials: with z below the largest logit and s = sum exp z,

        the largest probability is 1 / s, and -sum p ln p = ln s - sum exp(z) z / s.
        """
        dtype = torch.promote_types(self.logits.dtype, torch.float32)
        z = self.logits.to(dtype) - self.top.to(dtype).unsqueeze(1)
        weights = z.clamp_(min=LEAST).exp()
        norm = weights.sum(1)
        entropy = norm.log().sub_(weights.mul_(z).sum(1).div_(norm)).div_(math.log(self.n_classes))
        return Certainty(norm.reciprocal_(), entropy)

    def bins(self, values: Tensor, n_bins: int) -> Tensor:
        """The bin (lo, hi] of each pixel's value in [0, 1], `(b * H * W,)` int64.

        0 is in the first bin; the bin after the last one is for ignored pixels.
        """
        found = (values * n_bins).ceil_().long().sub_(1).clamp_(0, n_bins - 1)
        return found.masked_fill_(self.ignored, n_bins).view(-1)
