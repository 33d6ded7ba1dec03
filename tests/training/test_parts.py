"""Frozen and shared parts of a model, and their learning rates, against loops of PyTorch alone."""

import copy
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from project import data, models
from project.callbacks import Callback
from project.callbacks.ema import EMA
from project.callbacks.swa import SWA
from project.hyperparameters import Hyperparameters
from project.main import main
from project.optimizers import build
from project.training import rates
from project.training.part_flags import arrange
from tests import forks
from tests.test_from import refusal, run
from tests.test_resume import at_step, weights
from tests.test_solver import train

ROOT = Path(__file__).parents[2]
FLAGS: dict[str, Any] = {"batch_size": 128, "max_epochs": 2, "schedule": "constant"}


class Twins(nn.Module):
    """Two branches that look alike, each with a batch norm, and what joins them."""

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self.left, self.right = self.branch(), self.branch()
        self.head = nn.Sequential(nn.BatchNorm2d(8), nn.Conv2d(8, 10, 1))

    @staticmethod
    def branch() -> nn.Sequential:
        layers = nn.Flatten(), nn.Linear(64, 4), nn.Unflatten(1, (4, 1, 1))
        return nn.Sequential(*layers, nn.BatchNorm2d(4), nn.Tanh())

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(torch.cat([self.left(inputs), self.right(inputs.flip(3))], 1)).flatten(1)


@pytest.fixture
def twins(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """Lets `train` train them as the flags arrange them; the models as they were before."""
    begun = []

    def build(shape: Any, n_outputs: int, hparams: Hyperparameters) -> nn.Module:
        model = Twins()
        begun.append(copy.deepcopy(model))
        arrange(model, hparams)
        return model

    monkeypatch.setattr(models, "build", build)
    return begun


def looped(tmp_path: Path, model: nn.Module, groups: list[dict[str, Any]]) -> nn.Module:
    """Trained by a plain loop; modules that are not in training mode by then stay as they are."""
    hparams = Hyperparameters(data_dir=str(tmp_path), **FLAGS)
    loader = data.prepare(hparams).loader("train", hparams)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), weight_decay=1e-2, fused=True)
    for epoch in range(2):
        loader.seek(epoch)
        for batch in (batch for block in loader for batch in block):
            optimizer.zero_grad()
            losses = cross_entropy(model(batch.inputs), batch.targets, reduction="none")
            losses.backward(torch.full_like(losses, 1 / len(losses)))
            optimizer.step()
    return model


def assert_equal(found: nn.Module, expected: nn.Module) -> None:
    ours, theirs = found.state_dict(), expected.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name


def test_frozen_parts_stay_and_the_rest_trains_as_in_a_loop(
    tmp_path: Path, twins: list[nn.Module]
) -> None:
    """With an average of the weights, and one that renews statistics, which keep the frozen ones.

    `head.0.weight` freezes the norm it is of: its bias trains, and its statistics stay.
    """
    globs, kept = ("left", "head.0.w*"), Kept()
    for average in (EMA(0.9), SWA(0.0)):
        solver, _ = train(tmp_path, average, kept, freeze=globs, **FLAGS)
        model = twins.pop()
        before = copy.deepcopy(model)
        for frozen in (*model.left.parameters(), model.head[0].weight):
            frozen.requires_grad_(False)
        model.left.eval(), model.head[0].eval()
        params = [p for p in model.parameters() if p.requires_grad]
        assert_equal(solver.model, looped(tmp_path, model, [{"params": params, "lr": 1e-3}]))
        for found in (solver.model, kept.evaluated):
            for name, tensor in before.state_dict().items():
                still = name.startswith(("left", "head.0")) and name != "head.0.bias"
                assert torch.equal(found.state_dict()[name], tensor) == still, name


class Kept(Callback):
    def on_train_epoch_end(self, trainer: object, solver: Any) -> None:
        self.evaluated = copy.deepcopy(solver.evaluated)


def test_shared_blocks_are_one_as_in_a_loop_with_one_block(
    tmp_path: Path, twins: list[nn.Module]
) -> None:
    for word in ("left=right", "*t"):
        solver, _ = train(tmp_path, share=(word,), **FLAGS)
        ours, model = solver.model, twins.pop()
        model.right = model.left
        groups = [{"params": list(model.parameters()), "lr": 1e-3}]
        assert_equal(ours, looped(tmp_path, model, groups))
        for name in ("1.weight", "1.bias", "3.running_mean", "3.num_batches_tracked"):
            one, other = (ours.state_dict()[f"{side}.{name}"] for side in ("left", "right"))
            assert one.data_ptr() == other.data_ptr()
        assert len(list(ours.parameters())) == len(list(Twins().parameters())) - 4
    # 14 + 14 steps a branch and epoch would be half as many, were the statistics two.
    assert int(ours.left[3].num_batches_tracked) == 2 * solver.total_steps


def test_what_shares_with_a_frozen_block_is_frozen_too(
    tmp_path: Path, twins: list[nn.Module]
) -> None:
    solver, _ = train(tmp_path, share=("left=right",), freeze=("right",), **FLAGS)
    for side in (solver.model.left, solver.model.right):
        assert_equal(side, twins[0].left)


def test_rates_by_glob_and_by_layer_are_groups_as_in_a_loop(
    tmp_path: Path, twins: list[nn.Module]
) -> None:
    """The layers are left, right, head.0 (a norm, that goes with right) and head.1.

    0.5 per layer is 0.25, 0.5, 0.5 and 1; `*.bias=4` is on top of it, and `head*=2` counts last.
    """
    scales = ("*.bias=4", "head*=2")
    decays = {"left": 0.25, "right": 0.5, "head.0": 0.5, "head.1": 1.0}
    solver, _ = train(tmp_path, learning_rate_scale=scales, layer_decay=0.5, **FLAGS)
    model = twins.pop()
    groups = []
    for name, parameter in model.named_parameters():
        scale = 2.0 if name.startswith("head") else 4.0 if name.endswith("bias") else 1.0
        by_layer = next(decay for start, decay in decays.items() if name.startswith(start))
        groups.append({"params": [parameter], "lr": 1e-3 * (scale * by_layer)})
    assert_equal(solver.model, looped(tmp_path, model, groups))


def test_layers_of_nets_that_people_train() -> None:
    def first_names(model: str, **flags: Any) -> list[str]:
        hparams = Hyperparameters(model=model, **flags)
        found = rates.layers(models.build((3, 32, 32), 10, hparams))
        return [rates._layer(names[0]) for names in found]

    assert first_names("cnn", depth=2) == ["blocks.0", "blocks.1", "head.1", "head.4"]
    blocks = [f"layer{stage}.{i}" for stage in range(1, 5) for i in range(2)]
    assert first_names("torchvision:resnet18") == ["conv1", *blocks, "fc"]


PLUG = """
from tests.training.test_parts import Twins
class Net(Twins):
    pass
"""
COMMON = (
    "--model twins_net:Net --batch-size 128 --max-epochs 3 --exp-name twins --tracker none"
    " --without reports predictions --learning-rate 0.01"
).split()
PARTS = "--share left=right --freeze left.3 --learning-rate-scale head.1=0.5".split()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twins")
    (folder / "twins_net.py").write_text(PLUG)
    return folder


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    monkeypatch.syspath_prepend(str(home))
    return tmp_path


def test_a_resumed_run_shares_and_freezes_on(at_home: Path) -> None:
    straight = run(at_home, *COMMON, *PARTS)
    with at_step("_optimize", 15, lambda: signal.raise_signal(signal.SIGINT)):
        assert main([*COMMON, *PARTS, "--exp-dir", str(at_home / "again")]) == 130
    assert main(["--resume", "last", "--exp-dir", str(at_home / "again")]) == 0
    (resumed,) = (at_home / "again").glob("twins/2*")
    for name in ("last.pt", "best.pt"):
        found, expected = weights(resumed, name), weights(straight, name)
        assert all(torch.equal(found[key], expected[key]) for key in expected)
        for part in ("1.weight", "1.bias", "3.weight", "3.bias", "3.running_var"):
            assert torch.equal(found[f"left.{part}"], found[f"right.{part}"])
        assert torch.equal(found["left.3.running_var"], torch.ones(4))


def test_an_optimizers_state_goes_with_the_names() -> None:
    """Of the parent's first two parameters, the second group's comes first in the child's."""
    flags = {"freeze": ("left", "right"), "learning_rate_scale": ("head.1=0.1",)}
    parent, child = Twins(), Twins()
    then, now = (
        rates.divide(build(model, hparams), model, hparams)
        for model, hparams in (
            (parent, Hyperparameters(**flags)),
            (child, Hyperparameters(learning_rate_scale=("*.bias=2",))),
        )
        if arrange(model, hparams) is None
    )
    parent(torch.randn(8, 1, 8, 8)).square().sum().backward()
    then.step()
    now.load_state_dict(rates.fitted(then.state_dict(), now, child))
    names = {name: parameter for name, parameter in child.named_parameters()}
    for name, parameter in parent.named_parameters():
        expected, found = then.state[parameter], now.state[names[name]]
        assert found.keys() == expected.keys() and bool(found) == name.startswith("head")
        assert all(torch.equal(found[key], expected[key]) for key in expected)
    plain = build(child, Hyperparameters())
    assert rates.fitted(kept := plain.state_dict(), plain, child) is kept


@pytest.mark.nightly
def test_a_run_that_goes_on_from_one_may_train_what_that_froze(at_home: Path) -> None:
    straight = run(at_home, *COMMON, *PARTS)
    child = run(at_home, "--from", straight.name, "--freeze", "none", "--max-epochs", "4")
    state = torch.load(child / "checkpoints" / "last.pt", weights_only=True)
    steps = [state["optimizer"]["state"][i]["step"].item() for i in range(8)]
    names = [name for group in state["optimizer"]["param_groups"] for name in group["names"]]
    thawed = [steps[names.index(f"left.3.{part}")] for part in ("weight", "bias")]
    assert (set(thawed), set(steps)) == ({10.0}, {10.0, 40.0})
    assert not torch.equal(state["model"]["left.3.running_var"], torch.ones(4))


def test_names_that_mean_nothing_are_told_at_once(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "--freeze lft* head.1.weihgt --share left=head left=rigth l* --learning-rate-scale a=1"
    assert refusal(capsys, at_home, *COMMON, *wrong.split()) == [
        "--share left=head: not of the same shapes: 1.weight is (4, 64) in the first and"
        " (10, 8, 1, 1) in the other (and 11 more)",
        "--share 'rigth' is no block of the model, did you mean 'right'?",
        "--share 'l*' is left alone: name two blocks, A=B",
        "--freeze 'lft*' matches no parameter of the model, did you mean 'left'?",
        "--freeze 'head.1.weihgt' is no parameter of the model, did you mean 'head.1.weight'?",
        "--learning-rate-scale 'a' is no parameter of the model: it has left, right, head",
    ]
    told = refusal(capsys, at_home, "--learning-rate-scale", "head", "head=0", "head=x")
    assert len(told) == 3 and all(line.startswith("--learning-rate-scale 'head") for line in told)


@pytest.mark.nightly
def test_two_processes_share_and_freeze_alike(at_home: Path) -> None:
    one = run(at_home, *COMMON, *PARTS)
    # In a process of its own: one that has met others is no longer alone.
    line = [*COMMON, *PARTS, "--devices", "2", "--accelerator", "cpu", "--exp-dir", at_home]
    path = f"{Path.cwd()}{os.pathsep}{ROOT}"
    ended = forks.completed(["-m", "project.run", *line], {**os.environ, "PYTHONPATH": path})
    assert ended.returncode == 0, ended.stderr
    (two,) = set(at_home.glob("*/*/")) - {one}
    found, expected = weights(two, "last.pt"), weights(one, "last.pt")
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4)
        if name.startswith("left"):
            assert torch.equal(found[name], found[name.replace("left", "right")])
    assert torch.equal(found["left.3.running_var"], torch.ones(4))
