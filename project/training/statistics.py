"""Batch norms' running statistics, computed anew for weights that no training has measured."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def has_statistics(model: nn.Module) -> bool:
    """Whether there are any to compute."""
    return any(isinstance(module, _BatchNorm) for module in model.modules())


@torch.no_grad()
def renew_statistics(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Let the batch norms see some batches; the model is in evaluation mode afterwards.

    As `torch.optim.swa_utils.update_bn`, each statistic is the mean over the batches (Izmailov et
    al. 2018, https://arxiv.org/abs/1803.05407, section 3.2); but norms that stay in evaluation
    mode, which are frozen, keep theirs.

    Args:
        model: on the batches' device.
        batches: inputs `(batch, channels, height, width)`.
    """
    model.train()
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.training]
    momenta = {norm: norm.momentum for norm in norms}
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    for inputs in batches if norms else ():
        model(inputs)
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    model.eval()
