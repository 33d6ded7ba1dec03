"""`python -m project.calibrate`, and `project.predict` by what it found."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import log_loss

from project import predict
from project.calibrate import main
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.main import main as run_main
from project.verify import main as verify

FLAGS = "--model mlp --hidden-dim 16 --max-epochs 2 --tracker none --without progress reports"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exp_dir = tmp_path_factory.mktemp("run")
    assert run_main([*FLAGS.split(), "--accelerator", "cpu", "--exp-dir", str(exp_dir)]) == 0
    (run,) = exp_dir.glob("*/2*")
    return run


@pytest.fixture(scope="module")
def said(run: Path) -> dict[str, Any]:
    assert main([str(run), "--coverage", "0.9", "--coverage", "0.5"]) == 0
    return json.loads((run / "after" / "calibration" / "calibration.json").read_text())


def test_scores_are_scikit_learns_of_the_divided_logits(run: Path, said: dict[str, Any]) -> None:
    predictor = Predictor.load(run)
    splits = Splits.of_run(run, predictor.hparams)
    for split in ("val", "test"):
        held = list(splits.batches(split))
        logits = torch.cat([predictor.outputs(each.images) for each in held]).double()
        targets = torch.cat([each.targets for each in held]).numpy()
        both = said["scores"][split]
        for when, at in (("before", 1.0), ("after", said["temperature"])):
            expected = log_loss(targets, (logits / at).softmax(1).numpy(), labels=range(10))
            assert both[when]["log_loss"] == pytest.approx(expected, rel=1e-5)
        assert both["before"]["accuracy"] == both["after"]["accuracy"]
    val = said["scores"]["val"]
    assert val["after"]["log_loss"] <= val["before"]["log_loss"]
    for when in ("before", "after"):
        assert (run / "after" / "calibration" / when / "calibration.png").is_file()
    assert verify([run.name, "--exp-dir", str(run.parents[1])]) == 0


def test_predict_divides_and_names_the_sets(
    run: Path, said: dict[str, Any], tmp_path: Path
) -> None:
    predictor = Predictor.load(run)
    held = next(Splits.of_run(run, predictor.hparams).batches("test", 4))
    for i, image in enumerate(held.images):
        Image.fromarray(image[0].numpy()).save(tmp_path / f"{i}.png")
    argv = [str(run), str(tmp_path / "*.png"), "-o", str(tmp_path / "out")]
    assert predict.main([*argv, "--calibrated", "--conformal", "0.9"]) == 0
    with open(tmp_path / "out" / "predictions.csv", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    logits = predictor.outputs(held.images)
    plain = logits.softmax(1).double().numpy()
    divided = (logits / said["temperature"]).softmax(1).numpy()
    kind = next(s for s in said["sets"] if s["coverage"] == 0.9 and s["method"] == "lac")
    for row, one, other in zip(rows, plain, divided, strict=True):
        assert int(row["number"]) == one.argmax()
        assert float(row["prob"]) == pytest.approx(other.max(), rel=1e-5)
        inside = np.flatnonzero(1 - one <= np.array(kind["thresholds"]))
        assert row["set"] == "|".join(map(str, inside))


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--conformal", "0.8"], "no such sets of method lac; python -m project.calibrate RUN"),
        (["--calibrated", "--mc-dropout", "3"], "--mc-dropout and --calibrated exclude each other"),
    ],
)
def test_what_was_not_found_is_told(
    run: Path,
    said: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    words: str,
) -> None:
    capsys.readouterr()
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    assert predict.main([str(run), str(tmp_path / "a.png"), *argv]) == 2
    assert words in capsys.readouterr().err


def test_a_run_without_one_and_a_share_that_is_none(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, tmp_path / "exp" / run.name, ignore=shutil.ignore_patterns("after"))
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    argv = [str(tmp_path / "exp" / run.name), str(tmp_path / "a.png"), "--calibrated"]
    assert predict.main(argv) == 2
    assert "there is no calibration of" in capsys.readouterr().err
    assert main([str(run), "--coverage", "1"]) == 2
    assert "a share is in (0, 1), not 1" in capsys.readouterr().err
