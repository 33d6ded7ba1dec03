"""Metrics work outside this project: they import nothing of it but themselves."""

import os
from pathlib import Path

from tests import forks

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys, warnings

warnings.simplefilter("error", UserWarning)
others = {"project", "lightning", "pytorch_lightning", "mlflow", "neptune", "torchvision"}
for name in list(sys.modules):  # as a process that has loaded none of them
    if name.partition(".")[0] in others:
        del sys.modules[name]

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
others = (others - {"project"}) & set(sys.modules)
assert not others, others
"""


def test_metrics_need_nothing_else_of_the_project(tmp_path: Path) -> None:
    forks.told(["-c", SCRIPT], {**os.environ, "PYTHONPATH": str(ROOT)}, tmp_path)
