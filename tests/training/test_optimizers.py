"""The learning rate's course is that of torch's own schedulers, at every step."""

from typing import Any

import pytest
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from project.hyperparameters import Hyperparameters
from project.training.optimizers import make_optimizer, make_schedule, set_rate


def rate_and_momentum(optimizer: Optimizer) -> tuple[float, float]:
    (group,) = optimizer.param_groups
    return group["lr"], group["betas"][0] if "betas" in group else group["momentum"]


def of_torch(optimizer: Optimizer, hparams: Hyperparameters, total_steps: int) -> LRScheduler:
    if hparams.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=total_steps)
    if hparams.schedule == "constant":
        return ConstantLR(optimizer, factor=1.0, total_iters=0)
    return OneCycleLR(
        optimizer,
        max_lr=hparams.learning_rate,
        # It counts the step after the last one too, and fails where the rise is exactly a step.
        total_steps=total_steps + 1,
        pct_start=max(hparams.warmup_fraction, 1.5 / (total_steps + 1)),
        base_momentum=hparams.momentum * 0.9,
        max_momentum=hparams.momentum,
    )


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("total_steps", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    "flags",
    [
        {"schedule": "one-cycle"},
        {"schedule": "one-cycle", "warmup_fraction": 0.01, "learning_rate": 0.1},
        {"schedule": "one-cycle", "warmup_fraction": 0.9, "momentum": 0.7},
        {"schedule": "cosine"},
        {"schedule": "constant"},
    ],
)
def test_each_step_has_torchs_rate_and_momentum(
    flags: dict[str, Any], total_steps: int, optimizer: str
) -> None:
    hparams = Hyperparameters(optimizer=optimizer, **flags)
    model = torch.nn.Linear(1, 1)
    ours, theirs = make_optimizer(model, hparams), make_optimizer(model, hparams)
    schedule = make_schedule(hparams, total_steps)
    reference = of_torch(theirs, hparams, total_steps)
    for step in range(total_steps):
        set_rate(ours, *schedule(step))
        expected = rate_and_momentum(theirs)
        # Torch computes a cosine's rate from the one before, and rounds in every step.
        near = {"rel": 1e-9, "abs": 1e-15} if hparams.schedule == "cosine" else {"rel": 0, "abs": 0}
        assert rate_and_momentum(ours) == pytest.approx(expected, **near)
        theirs.step()
        reference.step()
