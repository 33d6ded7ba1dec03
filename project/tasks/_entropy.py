"""How unsure predictions are."""

import math

import torch
from torch import Tensor


def entropy(probs: Tensor) -> Tensor:
    """-sum p ln p / ln C in [0, 1], float32.

    Args:
        probs: `(b, C)` or `(b, C, H, W)`; the result is without dimension 1.
    """
    products = torch.special.entr(probs.double()).sum(1)
    return products.div_(math.log(probs.shape[1])).float()
