"""Jensen-Shannon divergence: what a model says of an image's views is to be the same."""

from collections.abc import Callable

import torch
from torch import Tensor

TASKS = ("classification",)
VIEWS = True  # takes outputs of all views
ONLY_VIEWS = True  # and has nothing to say of one alone
LEAST, MOST = 1e-7, 1.0  # probabilities of the mixture, before its logarithm


def build() -> Callable[[Tensor, Tensor], Tensor]:
    """Mean over the V views of KL(p_i, M), M being the mean of their probabilities p_i.

    M is clamped to [1e-7, 1] before its logarithm. Gradients go through all views, and the mixture.
    Logits `(batch, V, n_classes)` and targets, which are not looked at, to losses `(batch,)`
    float32, in nats; 0 of logits `(batch, n_classes)` of one view.

    Source: Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and
    Uncertainty", 2020, section 3, with the clamp of its code.
    """

    def jsd(logits: Tensor, targets: Tensor) -> Tensor:
        views = logits.float() if logits.ndim == 3 else logits.float()[:, None]
        return divergence(views)

    return jsd


def divergence(logits: Tensor) -> Tensor:
    """Of logits `(batch, V, n_classes)`, in their own precision: `(batch,)`."""
    probs = logits.softmax(2)
    mixture = probs.mean(1, keepdim=True).clamp(LEAST, MOST)
    return (torch.xlogy(probs, probs) - probs * mixture.log()).sum(2).mean(1)
