"""Losses: per-sample values against their formulas and torch's own functions."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from project import losses, plugs


def settings(loss: str = "cross-entropy", label_smoothing: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(loss=loss, label_smoothing=label_smoothing)


def batch(n: int = 7, n_classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(n, n_classes, generator=generator)
    return logits, torch.randint(n_classes, (n,), generator=generator)


@pytest.mark.parametrize("name", plugs.names("loss"))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_loss_gives_one_float32_per_sample_and_a_gradient(
    name: str, dtype: torch.dtype
) -> None:
    logits, targets = batch()
    logits = logits.to(dtype).requires_grad_()
    values = losses.build(settings(name))(logits, targets)
    assert values.shape == (7,) and values.dtype == torch.float32
    values.sum().backward()
    assert logits.grad.isfinite().all() and logits.grad.abs().sum() > 0


@pytest.mark.parametrize("name", plugs.names("loss"))
def test_a_samples_loss_does_not_depend_on_its_batch(name: str) -> None:
    logits, targets = batch()
    loss = losses.build(settings(name))
    alone = torch.cat([loss(*one) for one in zip(logits.split(1), targets.split(1))])
    torch.testing.assert_close(loss(logits, targets), alone)


def test_cross_entropy_is_the_negative_log_probability() -> None:
    # Logits log 1, log 2, log 5 are probabilities 1/8, 2/8, 5/8.
    logits = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(2, 3)
    values = losses.build(settings())(logits, torch.tensor([2, 0]))
    torch.testing.assert_close(values, torch.tensor([-math.log(5 / 8), -math.log(1 / 8)]))


def test_label_smoothing_spreads_the_target_over_all_classes() -> None:
    logits, targets = batch()
    values = losses.build(settings(label_smoothing=0.2))(logits, targets)
    smoothed = 0.8 * F.one_hot(targets, 5) + 0.2 / 5
    torch.testing.assert_close(values, -(smoothed * logits.log_softmax(1)).sum(1))


def test_focal_loss_is_cross_entropy_times_the_squared_error() -> None:
    # Probabilities 1/8, 2/8, 5/8: a loss of -(1 - 5/8)^2 log 5/8 for the last class.
    logits = torch.tensor([[1.0, 2.0, 5.0]]).log().expand(2, 3)
    values = losses.build(settings("focal"))(logits, torch.tensor([2, 0]))
    expected = [-((3 / 8) ** 2) * math.log(5 / 8), -((7 / 8) ** 2) * math.log(1 / 8)]
    torch.testing.assert_close(values, torch.tensor(expected))


def test_focal_loss_is_defined_for_certain_predictions() -> None:
    logits = torch.tensor([[100.0, 0.0], [100.0, 0.0]], requires_grad=True)
    values = losses.build(settings("focal"))(logits, torch.tensor([0, 1]))
    # Right: log 1 = 0. Wrong: (1 - 0)^2 times 100.
    torch.testing.assert_close(values, torch.tensor([0.0, 100.0]))
    values.sum().backward()
    assert logits.grad.isfinite().all()


def test_focal_loss_refuses_label_smoothing() -> None:
    with pytest.raises(ValueError, match=r"^--label-smoothing 0.1 .* --loss cross-entropy$"):
        losses.build(settings("focal", label_smoothing=0.1))


def test_an_unknown_loss_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"^--loss 'focl' is unknown, did you mean 'focal'"):
        losses.build(settings("focl"))
