"""The learning rate's course is that of torch's own schedulers, at every step."""

from typing import Any

import pytest
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from project.hyperparameters import Hyperparameters
from project.training.optimizers import make_optimizer, make_schedule, set_rate
from project.training.origin import Origin, total_steps


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


def test_what_a_schedule_does_after_another_run() -> None:
    """From step 30 on: as in 40 steps, as in 10 of its own, or as it was last."""
    flags = {"schedule": "one-cycle", "from_": "20261129-174036-76rn"}
    origin = Origin(epoch=3, step=30, step_in_epoch=0, rate=1e-5, momentum=0.8)
    whole, own = (make_schedule(Hyperparameters(schedule="one-cycle"), n) for n in (40, 10))
    for course, expected in (
        ("continue", whole),
        ("restart", lambda step: own(step - 30)),
        ("hold", lambda step: (1e-5, 0.8)),
    ):
        hparams = Hyperparameters(from_schedule=course, **flags)
        schedule = make_schedule(hparams, 40, origin)
        assert [schedule(step) for step in range(30, 40)] == [expected(s) for s in range(30, 40)]


def test_the_steps_of_both_runs_count() -> None:
    """30 steps in 3 epochs, then 7 epochs of 5 steps each, of which 2 are done in the first."""
    hparams = Hyperparameters(max_epochs=10, from_="20261129-174036-76rn")
    origin = Origin(epoch=3, step=30, step_in_epoch=2, rate=1e-3, momentum=0.9)
    assert total_steps(hparams, 5, origin) == 30 + (7 * 5 - 2)
    assert total_steps(hparams, 5, None) == 10 * 5
