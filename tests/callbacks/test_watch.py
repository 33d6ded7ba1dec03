"""Watching and the detection of anomalies: what they say, and that they change no weight."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from project import models
from project.callbacks.anomaly import DetectAnomaly
from project.callbacks.watch import Watch, of_layers
from project.cli.faults import told
from project.experiment import onlookers
from project.hyperparameters import FLAGS, Hyperparameters
from tests.test_solver import assert_same_weights, train

FLAGS_OF = dict(max_epochs=1, dropout=0.5, gradient_clip=0.1)


def test_norms_of_layers_are_logged_and_no_weight_changes(tmp_path: Path) -> None:
    plain, without = train(tmp_path, **FLAGS_OF)
    solver, logged = train(tmp_path, Watch(4), DetectAnomaly(), **FLAGS_OF)
    assert_same_weights(solver.model, plain.model)
    more = logged.points.keys() - without.points.keys()
    assert {step for _, step in more} == set(range(4, solver.step + 1, 4))
    layers = [n for n, m in solver.model.named_modules() if isinstance(m, nn.Linear)]
    kinds = ("weight_norm", "grad_norm", "grad_mean", "grad_std", "grad_max")
    assert {name for name, _ in more} == {f"{k}/{layer}" for k in kinds for layer in layers}
    # Of the whole gradient, before it is clipped.
    last = max(step for name, step in logged.points if name == "grad_norm")
    if last % 4 == 0:
        parts = [logged.points[f"grad_norm/{layer}", last] for layer in layers]
        whole = sum(part**2 for part in parts) ** 0.5
        assert whole == pytest.approx(logged.points["grad_norm", last], rel=1e-5)


def test_a_layers_numbers() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1))
    with torch.no_grad():
        for parameter, numbers in zip(model[0].parameters(), ([[1.0, 2.0]], [2.0]), strict=True):
            parameter.copy_(torch.tensor(numbers))
            parameter.grad = -parameter.clone()
    found = of_layers(model)
    # sqrt(1 + 4 + 4); the mean of -1, -2, -2; sqrt((4 + 1 + 1) / 9 / 3).
    assert (found["weight_norm/0"], found["grad_norm/0"], found["grad_max/0"]) == (3, 3, 2)
    assert found["grad_mean/0"] == pytest.approx(-5 / 3)
    assert found["grad_std/0"] == pytest.approx((2 / 9) ** 0.5)
    assert "weight_norm/1" in found and "grad_norm/1" not in found


class Bad(nn.Module):
    def __init__(self, forward: bool) -> None:
        super().__init__()
        self.where = forward

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return z
        hidden = z.masked_fill(z > 1e9, -torch.inf)  # harmless
        if self.where:
            return hidden.abs().neg().log()  # a NaN
        return z + hidden.sub(z).square().sqrt()  # 0 times infinity


@pytest.mark.parametrize(
    "forward, said, comment",
    [
        (True, "step 1: log made the first NaN of the loss", "# a NaN"),
        (False, "step 1: the gradient of pow is NaN (PowBackward0)", "# 0 times"),
    ],
)
def test_the_operation_and_its_line_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forward: bool, said: str, comment: str
) -> None:
    build = models.build
    monkeypatch.setattr(models, "build", lambda *args: nn.Sequential(build(*args), Bad(forward)))
    with pytest.raises(ValueError) as raised:
        train(tmp_path, DetectAnomaly(), max_epochs=1)
    lines = Path(__file__).read_text().splitlines()
    line = next(
        i for i, text in enumerate(lines, 1) if text.endswith(comment) or f"{comment} " in text
    )
    text, own = told(raised.value)
    assert own and text.startswith(said) and text.endswith(f"test_watch.py:{line})")


def test_what_a_run_has_by_default_can_be_left_out(tmp_path: Path) -> None:
    (flag,) = (f for f in FLAGS if f.name == "without")

    def names(*without: str) -> list[str]:
        hparams, checkpoints = Hyperparameters(without=without), SimpleNamespace()
        samples = SimpleNamespace(example=None, name_of=None, kind="labels")
        given: Any = (checkpoints, None, "accuracy", samples)
        return [type(each).__name__.lower() for each in onlookers(hparams, tmp_path, *given)]

    # All but the test pass are callbacks.
    assert names() == [each for each in flag.metadata["choices"] if each != "test"]
    assert names(*flag.metadata["choices"]) == []
    assert names("progress") == ["reports", "predictions"]
    with pytest.raises(ValueError, match="^--without 'plots' is unknown.*choices: progress, rep"):
        names("plots")
