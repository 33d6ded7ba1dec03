"""Scores as a run computes them, beside scikit-learn's own of the matrix that it writes."""

from pathlib import Path

import numpy as np

from project.files import write_json
from project.metrics import Counts, PixelCounts
from project.metrics.accuracy import Accuracy
from project.metrics.balanced_accuracy import BalancedAccuracy
from project.metrics.cohen_kappa import CohenKappa, PixelCohenKappa
from project.metrics.dice import Dice
from project.metrics.iou import IoU
from project.metrics.matthews import Matthews
from project.metrics.pixel_accuracy import PixelAccuracy
from project.metrics.precision_recall_f1 import PixelPrecisionRecallF1, PrecisionRecallF1
from project.provenance.proof import check_scores
from project.provenance.schema import SCHEMA
from project.tasks._reports import confusion_csv

OF_PIXELS = (PixelAccuracy, IoU, Dice, PixelCohenKappa, PixelPrecisionRecallF1)
FAMILIES = (Accuracy, BalancedAccuracy, CohenKappa, Matthews, PrecisionRecallF1)


def reported(counts: Counts, classes: list[str], families: tuple = FAMILIES) -> dict[str, float]:
    flat: dict[str, float] = {}
    for family in families:
        for name, value in family(len(classes)).score(counts).items():
            if np.ndim(value):
                named = zip(classes, value.tolist(), strict=True)
                flat |= {f"test_{name}/{label}": score for label, score in named}
            else:
                flat[f"test_{name}"] = value
    return flat


def test_classes_that_never_occur_change_no_bit(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    rng = np.random.default_rng(0)
    for n_classes in range(2, 60):
        matrix = rng.integers(0, 30, (n_classes, n_classes)) * rng.integers(0, 2, n_classes)
        gone = rng.random(n_classes) < 0.4
        gone[:2] = False
        # Of some classes there are neither samples nor predictions.
        matrix[gone], matrix[:, gone] = 0, 0
        matrix[0, :2] = matrix[1, :2] = 7, 5
        classes = [f"class {i}" for i in range(n_classes)]
        table = confusion_csv(matrix, classes)
        (tmp_path / "figures" / "confusion_matrix.csv").write_text(table)
        outcome = {"schema": SCHEMA, "test": reported(Counts(matrix), classes)}
        write_json(tmp_path / "outcome.json", outcome)
        compared, differing = check_scores(tmp_path)
        assert (len(compared), differing) == (4 + 3 * (n_classes + 2), [])
        if n_classes % 7 == 0:
            outcome["test"] = reported(PixelCounts(matrix), classes, OF_PIXELS)
            write_json(tmp_path / "outcome.json", outcome)
            # Beside those: IoU and Dice, with two means and one, but no balanced accuracy and
            # Matthews. What is NaN is so for scikit-learn, too.
            n = 2 + n_classes + 2 + n_classes + 1 + 3 * (n_classes + 2)
            compared, differing = check_scores(tmp_path, pixels=True)
            assert (len(compared), differing) == (n, [])
