"""Runs of config objects: what is built, recorded, tested from the checkpoint, and reproduced."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.provenance.comparable import incomparable
from project.reproduction.expected import read_run
from project.reproduction.rerun import _flags
from tests import forks

# One worker has the run that they share.
pytestmark = pytest.mark.xdist_group("runs of objects")
NETS = """from torch import nn


class Net(nn.Module):
    def __init__(self, n_classes, shape, width=32, act="relu"):
        super().__init__()
        acts = {"relu": nn.ReLU, "gelu": nn.GELU}
        head = nn.Linear(width, n_classes)
        n = shape[0] * shape[1] * shape[2]
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(n, width), acts[act](), head)

    def forward(self, x):
        return self.layers(x)
"""
CONFIG = """
model: {object: own_nets:Net, args: {width: 24, act: gelu}}
loss: {object: torch.nn:CrossEntropyLoss, args: {reduction: none, label_smoothing: 0.1}}
data: synthetic
synthetic_samples: 60
synthetic_classes: 3
"""
ARGS = {
    "own_nets:Net": {"width": 24, "act": "gelu"},
    "torch.nn:CrossEntropyLoss": {"reduction": "none", "label_smoothing": 0.1},
}


def command(folder: Path, *argv: str, module: str = "run") -> Any:
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return forks.completed(["-m", f"project.{module}", *argv], environ, folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objects")
    (folder / "own_nets.py").write_text(NETS)
    (folder / "own.yaml").write_text(CONFIG)
    words = "--config own.yaml --exp-name own --max-epochs 2 --tracker none --exp-dir runs"
    words += " --without reports predictions"
    done = command(folder, *words.split())
    assert done.returncode == 0, done.stderr
    (folder / "own.yaml").unlink()
    (record,) = folder.glob("runs/own/*/record.json")
    return record.parent


def test_they_are_built_and_recorded_and_make_scores_incomparable(run: Path) -> None:
    record = json.loads((run / "record.json").read_text())
    assert record["flags"]["plugs"] == ARGS
    # 64 pixels to 24 units to 3 classes, each with a bias.
    assert record["model"]["n_parameters"] == 64 * 24 + 24 + 24 * 3 + 3
    header = (run.parents[1] / "runs.csv").read_text().splitlines()[0].split(",")
    assert {"model.args.width", "loss.CrossEntropyLoss.args.label_smoothing"} <= set(header)
    other = json.loads(json.dumps(record))
    other["flags"]["plugs"]["torch.nn:CrossEntropyLoss"]["label_smoothing"] = 0.2
    reasons = incomparable([(record, ["val_loss"]), (other, ["val_loss"])])
    assert reasons["val_loss"] == (
        "the loss differs (loss.CrossEntropyLoss.args.label_smoothing 0.1, 0.2)"
    )


def test_a_test_of_the_checkpoint_needs_no_config(run: Path) -> None:
    words = f"--only-test --checkpoint {run.name} --tracker none --exp-name t --exp-dir runs"
    done = command(run.parents[2], *words.split())
    assert done.returncode == 0, done.stderr
    (outcome,) = run.parents[1].glob("t/*/outcome.json")
    tests = [json.loads(path.read_text())["test"] for path in (outcome, run / "outcome.json")]
    assert tests[0] == tests[1] and tests[0]


def test_a_resumption_or_a_run_that_goes_on_has_no_other_arguments(run: Path) -> None:
    where = "--exp-dir runs --tracker none --model.args.width 8".split()
    done = command(run.parents[2], "--from", run.name, "--max-epochs", "3", *where)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"error: --from {run.name}: --model.args.width was 24 there, not 8: its weights fit no"
    )
    outcome = run / "outcome.json"
    outcome.rename(run / "aside.json")
    done = command(run.parents[2], "--resume", run.name, *where)
    (run / "aside.json").rename(outcome)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: --model.args.width: run {run.name} was started with an")


def test_a_reproduction_is_asked_for_the_same(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(run.parents[2])
    monkeypatch.syspath_prepend(str(run.parents[2]))
    (tmp_path / "flags.yaml").write_text(_flags(read_run(run), run.parents[1]))
    again = parse(["--config", str(tmp_path / "flags.yaml")], {}).hparams
    then = Hyperparameters.from_values(json.loads((run / "record.json").read_text())["flags"])
    assert (again.model, again.loss, again.plugs) == (then.model, then.loss, then.plugs)
    assert then.plugs == ARGS


@pytest.mark.nightly
def test_it_is_reproduced_when_the_file_is_gone(run: Path) -> None:
    nets = run.parents[2] / "own_nets.py"
    nets.rename(nets.with_suffix(".gone"))
    try:
        done = command(run.parents[2], run.name, "--exp-dir", "runs", module="reproduce")
    finally:
        nets.with_suffix(".gone").rename(nets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("REPRODUCED bit for bit: ")
