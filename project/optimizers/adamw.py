"""AdamW: Adam with decoupled weight decay."""

from typing import Any

from torch import Tensor
from torch.optim import AdamW

from project.optimizers._fused import can_be_fused


def build(params: list[Tensor], lr: float, weight_decay: float, hparams: Any) -> AdamW:
    """Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019; momentum is beta 1."""
    betas = (hparams.momentum, 0.999)
    return AdamW(params, lr, betas, weight_decay=weight_decay, fused=can_be_fused(params))
