"""`--from RUN`: a new run that goes on from another one equals, bit for bit, what it should be."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from project import data, models
from project.hyperparameters import Hyperparameters
from project.main import main
from tests.test_resume import logged, weights

# One worker has the runs that they share.
pytestmark = pytest.mark.xdist_group("from")
# 1,258 digits to train on are 10 steps an epoch; dropout and augmentation draw random numbers.
FLAGS = (
    "--model mlp --hidden-dim 16 --dropout 0.3 --augment flip crop --schedule constant"
    " --exp-name goes-on --tracker none --seed 5 --learning-rate 0.01"
).split()


def run(exp_dir: Path, *flags: str) -> Path:
    """The directory of a new run."""
    before = set(exp_dir.glob("*/*"))
    assert main([*flags, "--exp-dir", str(exp_dir)]) == 0
    (directory,) = set(exp_dir.glob("*/*")) - before
    return directory


def read(directory: Path, name: str) -> dict[str, Any]:
    return json.loads((directory / name).read_text())


def refusal(capsys: pytest.CaptureFixture[str], exp_dir: Path, *flags: str) -> list[str]:
    """The lines by which a command is refused, having written nothing."""
    before = sorted(exp_dir.rglob("*"))
    capsys.readouterr()
    assert main([*flags, "--exp-dir", str(exp_dir)]) == 2
    assert sorted(exp_dir.rglob("*")) == before
    lines = capsys.readouterr().err.splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("from")


@pytest.fixture(scope="module")
def parent(exp_dir: Path) -> Path:
    return run(exp_dir, *FLAGS, "--max-epochs", "2")


@pytest.fixture(scope="module")
def child(exp_dir: Path, parent: Path) -> Path:
    return run(exp_dir, "--from", parent.name, "--max-epochs", "4")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of as many epochs, without a stop."""
    return run(tmp_path_factory.mktemp("straight"), *FLAGS, "--max-epochs", "4")


def assert_same_weights(ours: Path, reference: Path) -> None:
    for name in ("last.pt", "best.pt"):
        got, expected = weights(ours, name), weights(reference, name)
        assert got.keys() == expected.keys()
        assert all(torch.equal(got[key], expected[key]) for key in expected), name


def test_it_equals_a_run_without_a_stop(parent: Path, child: Path, straight: Path) -> None:
    assert_same_weights(child, straight)
    assert logged(parent) | logged(child) == logged(straight) | {
        key: value for key, value in logged(parent).items() if key[0].startswith("test_")
    }
    ours, theirs = read(child, "outcome.json"), read(straight, "outcome.json")
    assert (ours["epochs"], ours["steps"], ours["test"]) == (4, 40, theirs["test"])
    assert {k: v for k, v in ours["best"].items() if k != "run_id"} == theirs["best"]


def parents_checkpoint(parent: Path, name: str = "last.pt") -> dict[str, Any]:
    return torch.load(parent / "checkpoints" / name, weights_only=True)


def test_it_equals_a_plain_loop_that_loads_the_same_state(exp_dir: Path, parent: Path) -> None:
    """PyTorch's own schedulers; nothing of ours but the data, the model and the flags."""
    ours = run(exp_dir, "--from", parent.name, "--max-epochs", "3", "--schedule", "one-cycle")
    state = parents_checkpoint(parent)
    hparams = Hyperparameters.from_values(read(ours, "record.json")["flags"])
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    model.load_state_dict(state["model"])
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=0.01, betas=(0.9, 0.999), weight_decay=1e-2, fused=True
    )
    optimizer.load_state_dict(state["optimizer"])
    loader = dataset.loader("train", hparams)
    assert (state["epoch"], state["step"], loader.steps) == (2, 20, 10)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, 3 * 10 + 1, pct_start=0.3, base_momentum=0.81, max_momentum=0.9
    )
    for _ in range(20):  # the steps that the parent did; without gradients, they change nothing
        optimizer.step()
        schedule.step()
    torch.set_rng_state(state["rng"][0]["torch"])
    model.train()
    loader.seek(2)
    for block in loader:
        for inputs, targets, size in block:
            optimizer.zero_grad()
            (cross_entropy(model(inputs), targets, reduction="sum") / size).backward()
            optimizer.step()
            schedule.step()
    got = weights(ours, "last.pt")
    assert all(torch.equal(got[name], value) for name, value in model.state_dict().items())
