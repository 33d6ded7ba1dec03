"""Runs of two learning rates and three seeds, between which the code changed, with curves."""

from pathlib import Path

import pytest

from tests.comparison.store import git, journal, make, recorded
from tests.tracking.runs import PNG

# What a run's texts may hold, and nobody may run.
MARKUP = "</script><img src=x onerror=document.title='broken'>"


def build(folder: Path) -> Path:
    """Make the repository and the store in `folder`; returns the store."""
    repo = folder / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    (repo / "a.py").write_text("".join(f"line {i}\n" for i in range(9)))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "first")
    for number, rate in enumerate((0.001, 0.1)):
        for seed in range(3):
            accuracy = {"val_accuracy": 0.5 + 0.1 * seed + 0.25 * number, "val_recall/0": rate}
            asked = {"seed": seed, "learning_rate": rate, "description": MARKUP}
            asked |= {"data": {"mean": [0.25], "std": [0.5]}, **recorded(repo)}
            run = make(folder / "exp", accuracy, tags=[MARKUP], **asked)
            losses = [(step, step // 10, {"train_loss": 1 / (step + 1)}) for step in range(1, 40)]
            journal(run, *losses, (40, 3, accuracy | {MARKUP: 1.0}))
            (run / "figures").mkdir(exist_ok=True)
            (run / "figures" / "confusion.png").write_bytes(PNG)
        (repo / "a.py").write_text("".join(f"line {i}{'!' * (i == 4)}\n" for i in range(9)))
        (repo / "b.py").write_text(f"{MARKUP}\n")
    return folder / "exp"


@pytest.fixture(scope="package")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store, which tests only read."""
    return build(tmp_path_factory.mktemp("store"))
