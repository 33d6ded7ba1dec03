"""A run that was stopped, and whose data changed before it goes on: refused, or told ever after."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from project.compare import main as compare
from project.data import Loader
from project.main import main
from project.provenance import splits, stages
from project.reproduction.checks import explain
from project.reproduction.expected import read_run
from project.verify import main as verify
from tests.reproduction.repositories import everything
from tests.test_resume import at_step, only_run

ROOT = Path(__file__).parents[1]
# 2 classes of 20 images: 28 for training, in batches of 7, so 4 steps an epoch.
FLAGS = (
    "--data image-folder --image-size 8 --model mlp --hidden-dim 8 --batch-size 7 --max-epochs 3"
    " --exp-name resumed --tracker none"
).split()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for name in ("ant", "bee"):
        (folder / name).mkdir()
        for i in range(20):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i:02}.png")
    return folder


@pytest.fixture(scope="module")
def run(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stopped after six steps; then some ants become bees, and a bee goes."""
    exp_dir = tmp_path_factory.mktemp("exps")
    with at_step("_optimize", 5, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        code = main([*FLAGS, "--data-dir", str(images), "--exp-dir", str(exp_dir)])
    assert code == 128 + signal.SIGTERM
    for i in range(0, 20, 3):
        (images / "ant" / f"{i:02}.png").rename(images / "bee" / f"ant-{i:02}.png")
    (images / "bee" / "01.png").unlink()
    return only_run(exp_dir)


def test_it_is_refused_and_left_as_it_was(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(run)
    assert main(["--resume", "last", "--exp-dir", str(run.parents[1])]) == 2
    _, line = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"error: run {run.name} can't go on as it was: data: bee/01.png was removed; "
    )
    assert line.endswith(
        "data: 7 files moved from ant to bee; restore that, or add --accept-changes: the run goes"
        " on and says so"
    )
    assert everything(run) == before


def test_an_edited_source_is_refused_before_the_data_are_read(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What the tests of this process have imported beside the project.
    for name in ("project", "tests", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    model = tmp_path / "project" / "models" / "mlp.py"
    model.write_text(model.read_text().replace("ReLU", "GELU"))
    monkeypatch.setattr("project.plan.ROOT", tmp_path)
    before = everything(run)
    assert main(["--resume", "last", "--exp-dir", str(run.parents[1])]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"error: run {run.name} can't go on as it was: project/models/mlp.py changed; restore that,"
    )
    assert everything(run) == before


@pytest.fixture(scope="module")
def accepted(run: Path) -> set[bytes]:
    """It goes on; the hashes of all samples that trained from then on."""
    trained: set[bytes] = set()
    original = Loader.__iter__

    def noted(self: Loader):  # noqa: ANN202
        if self._shuffle:
            digests = self._subset.samples.digests[self._subset.indices.numpy(), :8]
            trained.update(row.tobytes() for row in digests)
        return original(self)

    Loader.__iter__ = noted
    try:
        assert main(["--resume", "last", "--accept-changes", "--exp-dir", str(run.parents[1])]) == 0
    finally:
        Loader.__iter__ = original
    return trained


def test_accepted_it_goes_on_and_holds_out_what_it_held_out(run: Path, accepted: set) -> None:
    was = {k: {row.tobytes() for row in rows} for k, rows in splits.read(run).items()}
    assert accepted and accepted <= was["train"]
    (stage,) = stages.read_stages(run)
    assert (stage["stage"], stage["epoch"], stage["step"]) == (2, 1, 6)
    assert stage["changed"] == [
        "data: bee/01.png was removed",
        "data: 7 files moved from ant to bee",
    ]
    record = json.loads((run / "record.json").read_text())
    assert stage["data"]["hash"] != record["data"]["hash"]
    # Normalised as before, whatever is in the training split now.
    state = torch.load(run / "checkpoints" / "last.pt", weights_only=True)
    assert state["mean"] == record["data"]["mean"] == stage["data"]["mean"]


def test_verify_tells_it(run: Path, accepted: set, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify([str(run)]) == 0
    told = f"{run.name}: stage 2, from step 6 on, has changes: data: bee/01.png"
    assert told in capsys.readouterr().out


def test_reproduce_says_that_it_does_without(run: Path, accepted: set) -> None:
    then = read_run(run)
    (line,) = then.stages
    assert line.startswith("stage 2, from step 6 on, has changes: data: bee/01.png")
    assert line in explain(then, then)


def test_compare_tells_it(run: Path, accepted: set, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(["--exp-dir", str(run.parents[1])]) == 0
    assert "finished, went on with changes" in capsys.readouterr().out
    assert compare([run.name, "--exp-dir", str(run.parents[1])]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "went_on_with stage 2, from step 6 on, has changes: data: bee/01.png" in told
