"""Whether all of the model has learned something."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.values import leaves
from project.words.names import some

# Of the training samples, so many batches are looked at.
BATCHES = 8
# How far running statistics may be from those, for the median channel: in deviations, and as a
# factor of the variance. Training has seen other weights, and a last few batches above all.
FAR, TIMES = 1.0, 10.0


def test_finite(predictor: Predictor, found: Callable[[str], None]) -> None:
    """weights are finite."""
    state = predictor.model.state_dict()
    bad = [name for name, value in state.items() if not value.isfinite().all()]
    assert not bad, f"NaN or infinite in {some(bad)}"
    n = sum(value.numel() for value in state.values())
    found(f"{n:,} values in {len(state)} tensors")


def test_gradients(
    predictor: Predictor, few: tuple[Tensor, Any], found: Callable[[str], None]
) -> None:
    """every trainable parameter gets a gradient."""
    images, targets = few
    lacking = _without_gradient(predictor, images, targets, training=False)
    if lacking:  # some parts, as auxiliary heads, are of training alone
        lacking &= _without_gradient(predictor, images, targets, training=True)
    parameters = dict(predictor.model.named_parameters())
    lacking = {name for name in lacking if parameters[name].requires_grad}
    assert not lacking, f"none for {some(sorted(lacking))}"
    found(f"{len(parameters)} parameters")


def test_batch_norms(
    predictor: Predictor, test_split: Splits, found: Callable[[str], None]
) -> None:
    """batch norms know the training data."""
    norms = {n: m for n, m in predictor.model.named_modules() if _has_statistics(m)}
    if not norms:
        pytest.skip("there are none")
    fresh = dict(_estimated_anew(predictor, test_split).named_modules())
    odd = [name for name, norm in norms.items() if _is_off(norm, fresh[name])]
    assert not odd, f"running statistics of {some(odd)} are far from the training samples'"
    found(f"{len(norms)} of them")


def _without_gradient(
    predictor: Predictor, images: Tensor, targets: Any, training: bool
) -> set[str]:
    model = copy.deepcopy(predictor.model).train(training)
    inputs = predictor.normalised(images)
    with torch.enable_grad():
        outputs = predictor.task.infer(model, inputs.clone())
        bad = predictor.task.badness(outputs, targets.to(predictor.device))
        if not bad.requires_grad:  # as of an IoU, which has none
            bad = sum(leaf.float().logsumexp(1).mean() for leaf in leaves(outputs))
        bad.mean().backward()
    return {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}


def _has_statistics(module: nn.Module) -> bool:
    return isinstance(module, _BatchNorm) and module.running_mean is not None


def _estimated_anew(predictor: Predictor, splits: Splits) -> nn.Module:
    """The model with statistics of some batches of the training samples, each counting alike."""
    model = copy.deepcopy(predictor.model)
    for module in model.modules():
        if _has_statistics(module):
            module.reset_running_stats()
            module.momentum = None
            module.train()
    with torch.no_grad():
        for i, held in enumerate(splits.batches("train")):
            if i == BATCHES:
                break
            predictor.task.infer(model, predictor.normalised(held.images))
    return model


def _is_off(norm: Any, fresh: Any) -> bool:
    deviation = fresh.running_var.clamp(min=1e-12).sqrt()
    apart = (norm.running_mean - fresh.running_mean).abs() / deviation
    ratio = norm.running_var.clamp(min=1e-12) / fresh.running_var.clamp(min=1e-12)
    was_updated = norm.num_batches_tracked is None or norm.num_batches_tracked > 0
    off = bool(apart.median() > FAR or (ratio.log().abs().median() > torch.tensor(TIMES).log()))
    return off or not was_updated
