"""Runs of configs/nets: killed and resumed, on two processes, compiled; and what they score."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from project.hyperparameters import Hyperparameters
from project.nets.loading import load
from project.training import checkpoint
from tests import forks
from tests.nets.shipped import FOLDER, ROOT, stated

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1200)]
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
# Without dropout, whose draws are each process's own; and by SGD, as Adam makes whole steps of the
# rounding that is the gradient of a bias before a norm.
SMALL = "--width 4 --depth 1 --dropout 0 --max-epochs 2 --tracker none --accelerator cpu"
SMALL += " --optimizer sgd --learning-rate 0.05 --checkpoint-every 0 --without progress reports"
DIGITS = "--train-fraction 0.1 --batch-size 16"
SHAPES = "--data shapes --shapes-samples 48 --shapes-size 16 16 --batch-size 8"
KILL = """import os, signal
from pathlib import Path
from pytorch_lightning import Callback

class Kill(Callback):
    def on_before_optimizer_step(self, trainer, solver, *_):
        if solver.step == 9 and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
"""


def flags(name: str) -> list[str]:
    data = SHAPES if name == "unet" else DIGITS
    return ["--model", f"file:{FOLDER / name}.yaml", *f"{SMALL} {data}".split()]


def ended(folder: Path, words: list[str], code: int = 0) -> Path:
    """The directory of the only run of a folder's experiment, once a command has ended."""
    command = ["-m", "project.run", "--exp-dir", "runs", *words]
    done = forks.completed(command, dict(os.environ), folder)
    assert done.returncode == code, done.stderr
    (path,) = folder.glob("runs/debug/*/record.json")
    return path.parent


def last_weights(run: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(run / "checkpoints" / "last.pt")["model"]


def outcome(run: Path) -> dict[str, Any]:
    return json.loads((run / "outcome.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_after_a_kill_and_on_two_processes(name: str, tmp_path: Path) -> None:
    folders = [tmp_path / word for word in ("whole", "killed", "shared")]
    for folder in folders:
        folder.mkdir()
    whole = ended(folders[0], flags(name))
    (folders[1] / "own_kill.py").write_text(KILL)
    killed = ended(folders[1], [*flags(name), "--callback", "own_kill:Kill"], -9)
    assert not (killed / "outcome.json").exists()
    ended(folders[1], ["--resume", killed.name])
    for key in ("weights", "test", "steps"):
        assert outcome(killed)[key] == outcome(whole)[key]
    # Sums in another order: rounding, which two epochs let grow.
    shared = ended(folders[2], [*flags(name), "--devices", "2"])
    weights, found = (last_weights(run) for run in (whole, shared))
    assert found.keys() == weights.keys()
    for key, tensor in weights.items():
        torch.testing.assert_close(found[key], tensor, rtol=1e-3, atol=1e-4, msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_compiled_as_one_graph_that_gives_the_same(name: str) -> None:
    path = FOLDER / f"{name}.yaml"
    torch.manual_seed(0)
    net = load(path.read_text(), str(path), (1, 8, 8), 10, Hyperparameters(width=8, dropout=0.0))
    inputs = torch.randn(4, 1, 8, 8)
    torch.compiler.reset()
    compiled = torch.compile(net.eval(), fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(inputs), net(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_it_scores_what_its_file_says(name: str, tmp_path: Path) -> None:
    command, score, mean, seeds = stated(FOLDER / f"{name}.yaml")
    more = ["--seeds", *map(str, seeds), "--exp-dir", str(tmp_path), "--tracker", "none"]
    words = [*command, *more, "--without", "progress", "reports"]
    done = forks.completed(["-m", "project.run", *words], dict(os.environ), ROOT)
    assert done.returncode == 0, done.stderr
    outcomes = [outcome(path.parent) for path in tmp_path.glob("*/*/outcome.json")]
    scores = [each["test"][f"test_{score}"] for each in outcomes]
    assert len(scores) == len(seeds)
    found = sum(scores) / len(scores)
    print(f"\n{name} {score}: {found:.4f} ({min(scores):.4f} to {max(scores):.4f})")
    assert found == pytest.approx(mean, abs=0.005)
    assert name != "dense" or found >= 0.98
