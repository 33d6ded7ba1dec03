"""Averages of weights against torch's own `swa_utils` in a plain loop, and where they are used."""

import copy
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from project import data, models
from project.callbacks import StepCallback
from project.callbacks._averaging import Averaging
from project.callbacks.ema import EMA
from project.callbacks.swa import SWA
from project.hyperparameters import Hyperparameters
from project.solver import Solver
from project.training.hooks import states
from project.training.saving import Checkpoints
from tests import forks
from tests.test_solver import assert_same_weights, train

EPOCHS = 4


class Kept(StepCallback):
    """The model after each step; and what was evaluated when training ended."""

    def __init__(self) -> None:
        self.models: list[nn.Module] = []

    def on_after_optimizer_step(self, trainer: object, solver: Solver) -> None:
        self.models.append(copy.deepcopy(solver.model))

    def on_train_epoch_end(self, trainer: object, solver: Solver) -> None:
        self.last = copy.deepcopy(solver.evaluated)


@pytest.fixture
def with_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    build = models.build
    norm = nn.BatchNorm1d(10)
    monkeypatch.setattr(
        models, "build", lambda *args: nn.Sequential(build(*args), copy.deepcopy(norm))
    )


@pytest.mark.parametrize("callback", [EMA(0.9), SWA(0.5)])
@pytest.mark.usefixtures("with_norm")
def test_it_is_that_of_torch_in_a_plain_loop(tmp_path: Path, callback: Averaging) -> None:
    kept = Kept()
    solver, _ = train(tmp_path, callback, kept, max_epochs=EPOCHS, dropout=0.0)
    hparams = Hyperparameters(data_dir=str(tmp_path))
    dataset = data.prepare(hparams)
    loaders = {split: dataset.loader(split, hparams) for split in ("train", "val")}
    steps = loaders["train"].steps
    assert len(kept.models) == EPOCHS * steps
    is_ema = isinstance(callback, EMA)
    average = get_ema_multi_avg_fn(0.9) if is_ema else None
    expected = AveragedModel(kept.models[0], multi_avg_fn=average)
    # Of four epochs, those from the half on: the second, third and fourth end there.
    ends = range(2 * steps, EPOCHS * steps + 1, steps)
    for model in kept.models if is_ema else [kept.models[end - 1] for end in ends]:
        expected.update_parameters(model)
    if not is_ema:
        loaders["train"].seek(EPOCHS - 1)
        update_bn((batch.inputs for block in loaders["train"] for batch in block), expected)
    found = kept.last.state_dict()
    for name, tensor in expected.module.state_dict().items():
        assert torch.equal(found[name], tensor), name
    kept.last.eval()
    with torch.no_grad():
        batches = [b for block in loaders["val"] for b in block]
        losses = [cross_entropy(kept.last(b.inputs), b.targets, reduction="none") for b in batches]
    assert solver.scores["val_loss"] == pytest.approx(float(torch.cat(losses).mean()), rel=1e-5)
    assert solver.evaluated is solver.model


@pytest.mark.usefixtures("with_norm")
def test_training_is_as_without_it(tmp_path: Path) -> None:
    flags = dict(max_epochs=2, dropout=0.5)
    plain, _ = train(tmp_path, **flags)
    solver, _ = train(tmp_path, SWA(0.0), **flags)
    assert_same_weights(solver.model, plain.model)


def test_weights_before_the_average_compete_with_it_no_more() -> None:
    checkpoints = Checkpoints(None, "val_loss", "min", 60.0, {})
    model, average = nn.Linear(1, 1), nn.Linear(1, 1)

    def validated(epoch: int, loss: float, evaluated: nn.Module) -> dict:
        scores = {"val_loss": loss}
        solver = SimpleNamespace(scores=scores, step=epoch, model=model, evaluated=evaluated)
        checkpoints.on_validation_end(SimpleNamespace(current_epoch=epoch), solver)
        return checkpoints.best

    assert validated(0, 0.5, model)["epoch"] == 0
    assert validated(1, 0.9, model)["epoch"] == 0
    first = validated(2, 0.8, average)
    assert first["epoch"] == 2 and first["average"] is True
    assert validated(3, 0.9, average)["epoch"] == 2
    assert validated(4, 0.7, average)["epoch"] == 4
    # What was taken over from a parent stays until one is better.
    checkpoints.best = {"run_id": "other", "epoch": 9, "value": 0.1}
    assert validated(5, 0.6, average)["epoch"] == 9


STOP = """import os, signal
from pathlib import Path
from pytorch_lightning import Callback

class Stop(Callback):
    def on_train_epoch_start(self, trainer, solver):
        if trainer.current_epoch == 3 and not Path("stopped").exists():
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["ema", "swa"])
def test_resumed_and_on_two_processes_it_is_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / "own_stop.py").write_text(STOP)
    small = "--data synthetic --synthetic-samples 300 --model resnet --width 4 --depth 1"
    small += " --dropout 0 --max-epochs 5 --tracker none --accelerator cpu --exp-dir runs"

    def ended(exp: str, *more: str, code: int = 0) -> tuple[str, dict]:
        words = [*small.split(), "--exp-name", exp, "--callback", name, *more]
        words = ["--exp-dir", "runs", *more] if "--resume" in more else words
        done = forks.completed(["-m", "project.run", *words], dict(os.environ), tmp_path)
        assert done.returncode == code, done.stderr
        (path,) = tmp_path.glob(f"runs/{exp}/*/outcome.json")
        return path.parent.name, json.loads(path.read_text())

    _, whole = ended("whole")
    run, _ = ended("cut", "own_stop:Stop", code=130)
    _, resumed = ended("cut", "--resume", run)
    assert (resumed["weights"], resumed["test"]) == (whole["weights"], whole["test"])
    _, two = ended("two", "--devices", "2")
    assert two["test"]["test_loss"] == pytest.approx(whole["test"]["test_loss"], abs=1e-5)


class Odd(StepCallback):
    def __init__(self, state: dict) -> None:
        self.state = state

    def state_dict(self) -> dict:
        return self.state


def test_a_state_that_no_checkpoint_holds_is_told() -> None:
    tensor = torch.ones(2)
    kept = {"a": [1, 2.0, None, "b", {"c": tensor}]}
    assert states([Odd({}), Odd(kept)]) == {"callbacks": {"Odd": kept}}
    with pytest.raises(ValueError, match="^callback Odd has a set in its state_dict.*ing.py:"):
        states([Odd({"a": [{1}]})])
    with pytest.raises(ValueError, match="^two callbacks have the state_key 'Odd'"):
        states([Odd(kept), Odd(kept)])
