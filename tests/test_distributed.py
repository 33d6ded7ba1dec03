"""Two processes train and measure what one does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--model mlp --hidden-dim 32 --dropout 0 --max-epochs 2 --batch-size 100 --accelerator cpu"
    " --exp-name two --tracker none --augment flip"
).split()


TWO = ("--devices", "2", "--strategy", "ddp")
# Ends the first process, and it alone, in the middle of the second epoch.
INTERRUPTED = """
import os, signal, sys
from project.main import main
from tests.test_resume import at_step
step = -1 if "LOCAL_RANK" in os.environ else 15
with at_step("_optimize", step, lambda: os.kill(os.getpid(), signal.SIGTERM)):
    code = main(sys.argv[1:])
sys.exit(code)
"""


def command(*argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )


def run(exp_dir: Path, *flags: str) -> dict:
    ended = command("-m", "project.run", *FLAGS, *flags, "--exp-dir", str(exp_dir))
    assert ended.returncode == 0, ended.stderr
    return result(exp_dir)


def result(exp_dir: Path) -> dict:
    (directory,) = (exp_dir / "two").iterdir()
    state = torch.load(directory / "checkpoints" / "last.pt", weights_only=True)
    journal = [json.loads(line) for line in (directory / "journal.jsonl").read_text().splitlines()]
    return {
        "test": json.loads((directory / "outcome.json").read_text())["test"],
        "weights": state["model"],
        "losses": {r["step"]: r["metrics"].get("train_loss") for r in journal},
    }


def test_two_processes_equal_one_and_stop_and_go_on_together(tmp_path: Path) -> None:
    """1,259 training samples in batches of 100: the last one, of 59, is shared unevenly."""
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", *TWO)
    for name, value in one["test"].items():
        counts = name.startswith(("test_accuracy", "test_f1", "test_recall", "test_cohen"))
        tolerance = 0 if counts else 1e-6
        assert abs(float(two["test"][name]) - float(value)) <= tolerance, name
    assert one["losses"].keys() == two["losses"].keys()
    for name, weight in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weight, rtol=1e-4, atol=1e-6)

    driver = tmp_path / "driver.py"
    driver.write_text(INTERRUPTED)
    stopped = tmp_path / "stopped"
    ended = command(str(driver), *FLAGS, *TWO, "--exp-dir", str(stopped))
    assert ended.returncode == 128 + signal.SIGTERM, ended.stderr
    ended = command("-m", "project.run", "--resume", "last", "--exp-dir", str(stopped))
    assert ended.returncode == 0, ended.stderr
    resumed = result(stopped)
    assert resumed["test"] == two["test"] and resumed["losses"] == two["losses"]
    assert all(
        torch.equal(resumed["weights"][name], two["weights"][name]) for name in two["weights"]
    )
