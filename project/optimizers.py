"""Optimizers and learning-rate schedules, built from the hyperparameters."""

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from project.hyperparameters import Hyperparameters


def make_optimizer(model: nn.Module, hparams: Hyperparameters) -> Optimizer:
    """AdamW (momentum is its first beta) or SGD over the parameters that need gradients."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    # One kernel for all parameters saves 10 to 40 % of a small model's step, on the CPU too.
    fused = all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters)
    common = {"lr": hparams.learning_rate, "weight_decay": hparams.weight_decay, "fused": fused}
    if hparams.optimizer == "sgd":
        return SGD(parameters, momentum=hparams.momentum, **common)
    return AdamW(parameters, betas=(hparams.momentum, 0.999), **common)


def make_schedule(optimizer: Optimizer, hparams: Hyperparameters, total_steps: int) -> LRScheduler:
    """The learning rate's course over `total_steps` optimizer steps; `step()` after each of them.

    one-cycle (Smith & Topin 2018) rises for `warmup_fraction` of the steps and falls to 1/10,000
    of its start; momentum goes the other way, from the set value down by a tenth and back.
    """
    # The schedulers count the step after the last one too.
    if hparams.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=total_steps)
    if hparams.schedule == "one-cycle":
        return OneCycleLR(
            optimizer,
            max_lr=hparams.learning_rate,
            total_steps=total_steps + 1,
            # A rise of exactly one step makes OneCycleLR divide by zero.
            pct_start=max(hparams.warmup_fraction, 1.5 / (total_steps + 1)),
            base_momentum=hparams.momentum * 0.9,
            max_momentum=hparams.momentum,
        )
    return ConstantLR(optimizer, factor=1.0, total_iters=0)
