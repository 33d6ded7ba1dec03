"""The learning rate's course is that of torch's own schedulers, at every step."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR

from project.hyperparameters import Hyperparameters
from project.main import main
from project.optimizers import build
from project.training.origin import Origin, total_steps
from project.training.schedules import make_schedule, set_rate
from tests.test_from import run
from tests.test_resume import assert_equal_runs, at_step


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
    ours, theirs = build(model, hparams), build(model, hparams)
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


def test_one_from_outside_is_handed_what_it_names_and_its_momentum_is_its_own() -> None:
    model = nn.Linear(2, 1)
    args = {"momentum": 0.8, "nesterov": True}
    hparams = Hyperparameters(
        optimizer="torch.optim:SGD", plugs={"torch.optim:SGD": args}, learning_rate=0.3
    )
    ours = build(model, hparams)
    assert type(ours) is SGD
    expected = {"lr": 0.3, "weight_decay": 0.01, "momentum": 0.8, "nesterov": True}
    assert {name: ours.param_groups[0][name] for name in expected} == expected
    set_rate(ours, *make_schedule(hparams, 10)(5))
    rate = make_schedule(hparams.replace(optimizer="sgd"), 10)(5)[0]
    assert (ours.param_groups[0]["lr"], ours.param_groups[0]["momentum"]) == (rate, 0.8)


@pytest.mark.parametrize(
    "name, said",
    [
        ("torch.optim:LBFGS", "optimizer torch.optim:LBFGS needs a closure, which a step here"),
        ("torch.nn:Identity", "optimizer torch.nn:Identity gives Identity, no torch.optim.Optim"),
    ],
)
def test_what_can_make_no_step_is_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        build(nn.Linear(2, 1), Hyperparameters(optimizer=name))


def test_an_optimizer_without_weight_decay_goes_on_as_if_it_had_never_stopped(
    tmp_path: Path,
) -> None:
    """PyTorch's Rprop has none in its groups: there is nothing to put back."""
    argv = "--data synthetic --synthetic-samples 100 --model mlp --hidden-dim 8 --max-epochs 2"
    argv += " --exp-name resumed --tracker none --optimizer torch.optim:Rprop --batch-size 20"
    words = [*argv.split(), "--without", "reports", "predictions"]
    straight = run(tmp_path / "straight", *words)
    with at_step("_optimize", 5, lambda: signal.raise_signal(signal.SIGINT)):
        assert main([*words, "--exp-dir", str(tmp_path / "again")]) == 130
    assert main(["--resume", "last", "--exp-dir", str(tmp_path / "again")]) == 0
    (again,) = (tmp_path / "again").glob("resumed/2*")
    assert_equal_runs(again, straight)
