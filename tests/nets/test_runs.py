"""Whole runs of nets from files, whose files are gone as soon as the run has begun."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch

from project.deployment.graph import traced
from project.export import main as export
from project.inference.predictor import Predictor
from project.main import main
from project.reproduce import main as reproduce
from tests import forks
from tests.test_resume import assert_equal_runs, at_step, only_run

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "configs" / "nets").glob("*.yaml"))
# 300 made-up images of digits' shape, 210 of them for training: 6 batches an epoch, in one block.
FLAGS = (
    "--data synthetic --synthetic-samples 300 --batch-size 40 --max-epochs 2 --dropout 0.2"
    " --exp-name resumed --tracker none --seed 5 --without reports predictions progress"
    " --width 4 --depth 1 --hidden-dim 8 --checkpoint-every 0"
).split()
SMALL = """
settings: {growth: 2}
layers:
  - conv: {name: a, out: width, norm: batch, act: relu}
  - conv: {out: growth}
  - dense: {from: a}
  - dropout: dropout
  - global_pool
  - linear: classes
"""


def flags(net: Path, exp_dir: Path, *more: str) -> list[str]:
    masks = ["--data", "shapes", "--limit-batches", "6"] if net.stem == "unet" else []
    return [*FLAGS, *masks, "--model", f"file:{net}", "--exp-dir", str(exp_dir), *more]


def test_a_run_goes_on_predicts_and_is_exported_without_its_file(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(SMALL)
    line = flags(net, tmp_path / "runs", "--growth", "3")
    with at_step("_optimize", 7, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        assert main(line) == 128 + signal.SIGTERM
    net.write_text("layers: [konv]")  # which is another net, and none
    assert main(["--resume", "last", "--exp-dir", str(tmp_path / "runs")]) == 0
    net.unlink()
    run = only_run(tmp_path / "runs")
    record = json.loads((run / "record.json").read_text())
    assert record["flags"]["plugs"] == {"file": {"growth": 3}, f"file:{net}": {"text": SMALL}}
    predictor = Predictor.load(run)
    images = torch.randint(0, 256, (5, 1, 8, 8)).to(torch.uint8)
    program, _ = traced(predictor)
    probs, _ = program.module()(images)
    assert torch.allclose(probs, predictor.probs(images), atol=1e-6)
    assert predictor.model.get_submodule("conv_1.conv").out_channels == 3


KILLED = """
import os, signal, sys, time
from pathlib import Path
from project.main import main
from tests.test_resume import at_step

exp_dir, *line = sys.argv[1:]

def die():
    while not list(Path(exp_dir).glob("*/*/checkpoints/last.pt")):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

with at_step("_optimize", 9, die):
    main(line)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_net_goes_on_after_kill_9_is_reproduced_and_exported(
    name: str, tmp_path: Path
) -> None:
    net = Path(shutil.copy(ROOT / "configs" / "nets" / f"{name}.yaml", tmp_path))
    assert main(flags(net, tmp_path / "whole")) == 0
    killed = tmp_path / "killed"
    ended = forks.completed(["-c", KILLED, killed, *flags(net, killed)])
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    net.unlink()
    run = only_run(killed)
    assert not (run / "outcome.json").exists()
    assert main(["--resume", run.name, "--exp-dir", str(killed)]) == 0
    assert_equal_runs(run, only_run(tmp_path / "whole"))
    assert reproduce([run.name, "--exp-dir", str(killed)]) == 0
    assert export([str(run), "--exp-dir", str(killed)]) == 0


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_net_runs_compiled_and_on_two_processes(name: str, tmp_path: Path) -> None:
    net = ROOT / "configs" / "nets" / f"{name}.yaml"
    losses = {}
    for how, more in (
        ("plain", []),
        ("two", ["--devices", "2", "--accelerator", "cpu"]),
        ("compiled", ["--compile"]),
    ):
        # Without dropout, of which each process draws its own.
        line = flags(net, tmp_path / how, "--dropout", "0", *more)
        ended = forks.completed(["-m", "project.run", *line])
        assert ended.returncode == 0, ended.stderr
        outcome = json.loads((only_run(tmp_path / how) / "outcome.json").read_text())
        losses[how] = outcome["test"]["test_loss"]
    assert losses["compiled"] == pytest.approx(losses["plain"], rel=1e-4)
    assert losses["two"] == pytest.approx(losses["plain"], rel=1e-3)
