"""Segmentation on one, two and three processes, and interrupted and resumed: the same weights."""

import json
import os
from pathlib import Path

import pytest
import torch

from project.training import checkpoint
from tests import forks

# Batches of 8 that three processes can't share alike; without dropout, whose draws are each one's.
SMALL = "--data shapes --shapes-samples 24 --shapes-size 16 16 --model unet --batch-size 8"
SMALL = f"{SMALL} --dropout 0 --augment flip --max-epochs 3 --tracker none --accelerator cpu"
STOP = """import os, signal
from pathlib import Path
from pytorch_lightning import Callback

class Stop(Callback):
    def on_train_epoch_end(self, trainer, solver):
        if trainer.current_epoch == 1 and not Path("stopped").exists():
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)
"""


def ended(folder: Path, name: str, *more: str, code: int = 0) -> tuple[Path, dict]:
    """A run's directory, and its outcome."""
    words = ["--exp-dir", "runs", *more]
    words += [] if "--resume" in more else [*SMALL.split(), "--exp-name", name]
    done = forks.completed(["-m", "project.run", *words], dict(os.environ), folder)
    assert done.returncode == code, done.stderr
    (path,) = folder.glob(f"runs/{name}/*/outcome.json")
    return path.parent, json.loads(path.read_text())


@pytest.mark.nightly
def test_it_is_the_same_on_several_processes_and_after_a_stop(tmp_path: Path) -> None:
    (tmp_path / "own_stop.py").write_text(STOP)
    whole, outcome = ended(tmp_path, "whole")
    run, _ = ended(tmp_path, "cut", "--callback", "own_stop:Stop", code=130)
    _, resumed = ended(tmp_path, "cut", "--resume", run.name)
    assert (resumed["weights"], resumed["test"]) == (outcome["weights"], outcome["test"])
    # Sums in another order: rounding, which three epochs let grow.
    weights = checkpoint.load(whole / "checkpoints" / "last.pt")["model"]
    for n in (2, 3):
        shared, other = ended(tmp_path, f"on{n}", "--devices", str(n))
        found = checkpoint.load(shared / "checkpoints" / "last.pt")["model"]
        assert found.keys() == weights.keys()
        for name, tensor in weights.items():
            torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
        assert other["test"].keys() == outcome["test"].keys()
        assert other["test"]["test_loss"] == pytest.approx(outcome["test"]["test_loss"], abs=1e-4)
