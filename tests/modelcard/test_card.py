"""`python -m project.card`: intervals beside resampled samples, and each number from its file."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.metrics import balanced_accuracy_score, f1_score

from project.calibrate import main as calibrate
from project.card import main
from project.main import main as run_main
from project.modelcard.blocks import Code, Grid, Section, Text, markdown, page
from project.modelcard.bootstrap import intervals, mean_interval
from project.verify import main as verify

FLAGS = "--model mlp --hidden-dim 16 --max-epochs 2 --tracker none --without progress"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exp_dir = tmp_path_factory.mktemp("run")
    argv = ["--accelerator", "cpu", "--exp-dir", str(exp_dir), "--description", "a | small one"]
    assert run_main([*FLAGS.split(), *argv]) == 0
    (run,) = exp_dir.glob("*/2*")
    return run


def test_intervals_are_those_of_resampled_samples() -> None:
    matrix = np.array([[40, 5, 0], [3, 50, 2], [0, 4, 26]])
    targets, preds = (np.repeat(each, matrix.ravel()) for each in np.indices((3, 3)).reshape(2, 9))
    rng = np.random.default_rng(1)
    found: dict[str, list[float]] = {"accuracy": [], "balanced_accuracy": [], "f1_macro": []}
    for _ in range(300):
        rows = rng.integers(0, len(targets), len(targets))
        found["accuracy"].append((targets[rows] == preds[rows]).mean())
        found["balanced_accuracy"].append(balanced_accuracy_score(targets[rows], preds[rows]))
        found["f1_macro"].append(f1_score(targets[rows], preds[rows], average="macro"))
    for name, (low, high) in intervals(matrix).items():
        # Percentiles of 300 and 2,000 draws: apart by a part of the spread.
        expected = np.percentile(found[name], [2.5, 97.5])
        np.testing.assert_allclose([low, high], expected, atol=0.5 * np.std(found[name]))


def test_a_mean_has_the_interval_of_its_standard_error() -> None:
    values = np.append(np.random.default_rng(0).normal(size=400), np.nan)
    low, high = mean_interval(values)
    error = np.nanstd(values) / 20
    assert low == pytest.approx(np.nanmean(values) - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(np.nanmean(values) + 1.96 * error, abs=0.2 * error)


def test_a_card_tells_what_the_files_say(run: Path, tmp_path: Path) -> None:
    argv = [str(run), "--license", "mit"]
    assert main([*argv, "-o", str(tmp_path / "first")]) == 0
    assert "## Calibration" not in (tmp_path / "first" / "MODEL_CARD.md").read_text()
    assert calibrate([str(run)]) == 0
    assert main(argv) == 0
    text = (run / "after" / "card" / "MODEL_CARD.md").read_text()
    _, head, body = text.split("---\n", 2)
    outcome = json.loads((run / "outcome.json").read_text())
    meta: dict[str, Any] = yaml.safe_load(head)
    assert (meta["license"], meta["pipeline_tag"]) == ("mit", "image-classification")
    (result,) = meta["model-index"][0]["results"]
    told = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert told["accuracy"] == outcome["test"]["test_accuracy"]
    lines = body.splitlines()
    assert f"| accuracy | {outcome['test']['test_accuracy']:.4f} |" in "\n".join(lines)
    titles = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert titles == [
        *("What it is", "How to use it", "Scores", "Classes", "Data", "Calibration"),
        *("Limits", "How to get it again"),
    ]
    said = json.loads((run / "after" / "calibration" / "calibration.json").read_text())
    assert f"temperature {said['temperature']:.4g}" in body
    for command in ("verify", "calibrate", "reproduce"):
        assert f"python -m project.{command} {run.name}" in lines
    shown = (run / "after" / "card" / "model_card.html").read_text()
    assert shown.count("data:image/png;base64,") == 3 and "a | small one" in shown
    assert "<script" not in shown and "http" not in shown.replace("http-equiv", "")
    assert verify([run.name, "--exp-dir", str(run.parents[1])]) == 0


def test_what_was_changed_since_is_in_no_card(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, tmp_path / "exp" / run.name, ignore=shutil.ignore_patterns("after"))
    copy = tmp_path / "exp" / run.name
    assert calibrate([str(copy)]) == 0
    path = copy / "after" / "calibration" / "calibration.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("temperature", "temperature ", 1))
    capsys.readouterr()
    assert main([str(copy)]) == 2
    assert "calibration.json was changed; make it anew" in capsys.readouterr().err
    assert not (copy / "after" / "card").exists()


def test_empty_sections_go_and_markup_is_text() -> None:
    told = [
        Section("Empty"),
        Section("Full", [Text("a < b"), Code("x & y"), Grid(["h|1"], [["<b>"]])]),
    ]
    assert markdown("T", told) == (
        "# T\n\n## Full\n\na < b\n\n```bash\nx & y\n```\n\n| h\\|1 |\n| --- |\n| <b> |\n"
    )
    text = page("T", told)
    assert "a &lt; b" in text and "x &amp; y" in text and "&lt;b&gt;" in text
    assert "Empty" not in text
