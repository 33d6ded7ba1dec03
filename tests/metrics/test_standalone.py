"""Metrics work outside this project: they import nothing of it but themselves."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
import torch
from project.metrics.accuracy import Accuracy

metric = Accuracy(n_classes=3)
metric.update(torch.eye(3), torch.tensor([0, 1, 1]))
metric.update(torch.eye(3), torch.tensor([0, 1, 2]))
assert metric.compute() == {"accuracy": 5 / 6}, metric.compute()

from project.metrics import classification

classification(n_classes=3)
ours = {name for name in sys.modules if name.partition(".")[0] == "project"}
assert all(name == "project" or name.startswith("project.metrics") for name in ours), ours
others = {"lightning", "pytorch_lightning", "mlflow", "neptune", "torchvision"} & set(sys.modules)
assert not others, others
"""


def test_metrics_need_nothing_else_of_the_project(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
