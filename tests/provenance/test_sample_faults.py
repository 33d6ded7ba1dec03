"""The table of a test's samples, beside its scores and its confusion matrix."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss

from project.provenance.sample_faults import sample_faults
from project.tables.parquet import write_columns
from project.tasks._reports import confusion_csv

CLASSES = ["a", "b", "c"]
RNG = np.random.default_rng(0)
PROBS = RNG.dirichlet([1, 1, 1], 50).astype(np.float32)
TARGETS, PREDS = RNG.integers(0, 3, 50), PROBS.argmax(1)
OWN = PROBS[np.arange(50), TARGETS]
COLUMNS = {
    "index": np.arange(50),
    "loss": -np.log(OWN),
    "target": TARGETS,
    "prediction": PREDS,
    "prob_true": OWN,
    "probs": PROBS,
}
SCORES = {
    "test_loss": log_loss(TARGETS, PROBS),
    "test_log_loss": log_loss(TARGETS, PROBS),
    "test_brier": brier_score_loss(np.eye(3)[TARGETS], PROBS, scale_by_half=False),
    "test_accuracy": (TARGETS == PREDS).mean(),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    table = confusion_csv(confusion_matrix(TARGETS, PREDS), CLASSES)
    (tmp_path / "figures" / "confusion_matrix.csv").write_text(table)
    write_columns(tmp_path / "predictions.parquet", COLUMNS, {"classes": CLASSES})
    return tmp_path


def test_scores_are_scikit_learns_of_the_samples(run: Path) -> None:
    named, faults = sample_faults(run, SCORES)
    assert sorted(named) == ["confusion_matrix", "test_brier", "test_log_loss", "test_loss"]
    assert faults == []


def test_other_scores_and_predictions_are_named(run: Path) -> None:
    other = PREDS.copy()
    other[0] = (other[0] + 1) % 3
    write_columns(
        run / "predictions.parquet", COLUMNS | {"prediction": other}, {"classes": CLASSES}
    )
    _, (score, matrix) = sample_faults(run, SCORES | {"test_brier": SCORES["test_brier"] + 1e-3})
    assert score.startswith("test_brier is ") and "by predictions.parquet" in score
    assert "confusion_matrix.csv counts other predictions than predictions.parquet" in matrix


def test_masks_are_weighted_by_their_pixels(tmp_path: Path) -> None:
    # The last picture is ignored wholly: (2 * 0.1 + 6 * 0.5) / 8 = 0.4, and (1 + 3) / 2 = 2.
    columns = {
        "loss": np.array([1.0, 3.0, 0.0]),
        "entropy": np.array([0.1, 0.5, np.nan]),
        "n_pixels": np.array([2, 6, 0]),
        "weight": np.array([1.0, 1.0, 0.0]),
    }
    write_columns(tmp_path / "predictions.parquet", columns, {"classes": CLASSES})
    scores = {"test_loss": 2.0, "test_mean_entropy": 0.4}
    assert sample_faults(tmp_path, scores) == (list(scores), [])


def test_a_damaged_table_is_one_line(run: Path) -> None:
    write_columns(run / "predictions.parquet", {"index": np.arange(3)}, {"classes": CLASSES})
    with pytest.raises(ValueError, match="predictions.parquet is damaged"):
        sample_faults(run, SCORES)
