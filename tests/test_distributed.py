"""Two processes train and measure what one does."""

import json
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--model mlp --hidden-dim 32 --dropout 0 --max-epochs 2 --batch-size 100 --accelerator cpu"
    " --exp-name two --tracker none --augment flip"
).split()


def run(exp_dir: Path, *flags: str) -> dict:
    argv = [sys.executable, "-m", "project.run", *FLAGS, *flags, "--exp-dir", str(exp_dir)]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    (directory,) = (exp_dir / "two").iterdir()
    state = torch.load(directory / "checkpoints" / "last.pt", weights_only=True)
    journal = [json.loads(line) for line in (directory / "journal.jsonl").read_text().splitlines()]
    return {
        "test": json.loads((directory / "outcome.json").read_text())["test"],
        "weights": state["model"],
        "losses": {r["step"]: r["metrics"].get("train_loss") for r in journal},
    }


def test_two_processes_equal_one(tmp_path: Path) -> None:
    """1,259 training samples in batches of 100: the last one, of 59, is shared unevenly."""
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", "--devices", "2", "--strategy", "ddp")
    for name, value in one["test"].items():
        counts = name.startswith(("test_accuracy", "test_f1", "test_recall", "test_cohen"))
        tolerance = 0 if counts else 1e-6
        assert abs(float(two["test"][name]) - float(value)) <= tolerance, name
    assert one["losses"].keys() == two["losses"].keys()
    for name, weight in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], weight, rtol=1e-4, atol=1e-6)
