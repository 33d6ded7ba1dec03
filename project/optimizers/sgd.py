"""SGD: stochastic gradient descent with momentum."""

from typing import Any

from torch import Tensor
from torch.optim import SGD

from project.optimizers._fused import can_be_fused


def build(params: list[Tensor], lr: float, weight_decay: float, hparams: Any) -> SGD:
    """With the flags' momentum; weight decay is added to the gradient."""
    fused = can_be_fused(params)
    return SGD(params, lr, hparams.momentum, weight_decay=weight_decay, fused=fused)
