"""What metrics derive from a batch of logits, each thing computed at most once."""

from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor


class Softmax(NamedTuple):
    """The softmax in three forms, each `(batch, n_classes)` float64.

    Attributes:
        log_probs: log p.
        probs: p.
        log_odds: log(p / (1 - p)), in the order of the exact p also where p rounds to 0 or 1.
    """

    log_probs: Tensor
    probs: Tensor
    log_odds: Tensor


class Predictions:
    """A view of one batch that metrics share; it never waits for the device.

    Args:
        logits: `(batch, n_classes)`, any floating dtype and strides.
        targets: `(batch,)` int64.

    Attributes:
        top: the largest logit, NaN if any is, `(batch,)` in the logits' dtype.
        preds: its class, the first of equals, `(batch,)` int64.
        raw_targets: `(batch,)` int64, a copy, for a caller may write into its own again.

    Raises:
        ValueError: the shapes or dtypes are others.
    """

    def __init__(self, logits: Tensor, targets: Tensor) -> None:
        shape = logits.shape
        if len(shape) != 2 or not logits.is_floating_point():
            raise ValueError(
                f"logits have shape {tuple(shape)} and {logits.dtype}; "
                "they must be (batch, n_classes) and floating"
            )
        self.n_samples, self.n_classes = shape
        if targets.shape != (self.n_samples,) or targets.dtype != torch.int64:
            raise ValueError(
                f"targets have shape {tuple(targets.shape)} and {targets.dtype}; "
                f"they must be ({self.n_samples},) and torch.int64 for these logits"
            )
        # A view of any strides costs a copy; what follows is written for one memory layout.
        self.logits, self.raw_targets = logits.detach().contiguous(), targets.clone()
        # Both at once cost no more than the class alone by `argmax`, and half of it on some CPUs.
        self.top, self.preds = self.logits.max(1)

    @cached_property
    def targets(self) -> Tensor:
        """`(batch,)` int64, brought into `0..n_classes - 1` so that none can index outside a state.

        `Seen` counts those that are changed, and `compute` refuses them.
        """
        return self.raw_targets.clamp(0, self.n_classes - 1)

    @cached_property
    def softmax(self) -> Softmax:
        """Probabilities in three forms, from one pass of exponentials.

        With m the largest logit, s the largest of the others, and r the others' sum of exp(z - s):
        log p_k = z_k - m - log1p(exp(s - m) r), and the log-odds are m - s - log r for the largest,
        z_k - m - log1p(exp(s - m) (r - exp(z_k - s))) for the others. No step loses digits by a
        difference of sums or leaves the range of float64.
        """
        logits, top = self.logits.double(), self.top.double().unsqueeze(1)
        column = self.preds.unsqueeze(1)
        others = logits.scatter(1, column, -torch.inf)
        # Finite even where all others are -inf, so that -inf minus it is -inf and not NaN.
        second = others.amax(1, keepdim=True).clamp_(min=torch.finfo(torch.float64).min)
        weights = others.sub_(second).exp_()
        rest = weights.sum(1, keepdim=True)
        ratio = (second - top).exp_()
        shifted, log_norm = logits - top, (ratio * rest).log1p_()
        log_odds = shifted - (rest - weights).mul_(ratio).log1p_()
        log_odds.scatter_(1, column, top - second - rest.log())
        probs = weights.mul_((second - top - log_norm).exp_())
        probs.scatter_(1, column, log_norm.neg().exp_())
        return Softmax(shifted.sub_(log_norm), probs, log_odds)

    @property
    def log_probs(self) -> Tensor:
        """Log-probabilities `(batch, n_classes)` float64."""
        return self.softmax.log_probs

    @property
    def probs(self) -> Tensor:
        """Probabilities `(batch, n_classes)` float64."""
        return self.softmax.probs

    @property
    def log_odds(self) -> Tensor:
        """One-vs-rest log-odds `(batch, n_classes)` float64."""
        return self.softmax.log_odds

    def of_target(self, values: Tensor) -> Tensor:
        """The target's column of `(batch, n_classes)` values, `(batch, 1)`."""
        return values.gather(1, self.targets.unsqueeze(1))
