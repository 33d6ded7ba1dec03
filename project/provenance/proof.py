"""The test scores that a run reports, beside scikit-learn's own of the confusion matrix it wrote.

While a run goes on, scores are computed by scikit-learn's formulas, without its checks of samples.
"""

import csv
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn import metrics

from project.files import read_json
from project.provenance.seal import OUTCOME

CONFUSION = "figures/confusion_matrix.csv"
WHOLE = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "matthews": metrics.matthews_corrcoef,
}
OF_CLASSES = ("precision", "recall", "f1")


def check_scores(run: Path) -> tuple[int, list[str]]:
    """Compare the scores that follow from the counts, to the last bit.

    Args:
        run: the directory of an ended run.
    Returns:
        How many were compared, none without a test; and a line for each that differs.
    Raises:
        OSError: a file can't be read.
        ValueError: one is not what a run writes.
    """
    path = run / CONFUSION
    reported = read_json(run / OUTCOME).get("test")
    if not reported or not path.is_file():
        return 0, []
    # NaN, of which JSON keeps nothing, is not compared.
    found = {f"test_{name}": value for name, value in _scores(*_read(path))}
    common = [name for name in found if reported.get(name) is not None]
    return len(common), [
        f"{name} is {reported[name]}, by scikit-learn {found[name]} (of {CONFUSION})"
        for name in common
        if reported[name] != found[name]
    ]


def _read(path: Path) -> tuple[list[str], np.ndarray]:
    """The classes, and the matrix: rows are targets, columns predictions."""
    with path.open(newline="", encoding="utf-8") as file:
        (_, *classes), *rows = csv.reader(file)
    return classes, np.array([row[1:] for row in rows], dtype=np.int64)


def _scores(classes: list[str], matrix: np.ndarray) -> Iterator[tuple[str, float]]:
    """Of each cell as one sample, weighted by its count: integers are exact as weights."""
    targets, preds = np.nonzero(matrix)
    options = {"sample_weight": matrix[targets, preds]}
    # All classes, as in the run: its sums are rounded alike only if zeros stand in them alike.
    labelled = options | {"labels": np.arange(len(classes))}
    with warnings.catch_warnings():
        # Where a class does not occur.
        warnings.simplefilter("ignore")
        for name, function in WHOLE.items():
            yield name, float(function(targets, preds, **options))
        yield "cohen_kappa", float(metrics.cohen_kappa_score(targets, preds, **labelled))
        for average in (None, "macro", "weighted"):
            values = metrics.precision_recall_fscore_support(
                targets, preds, average=average, zero_division=0, **labelled
            )
            for name, value in zip(OF_CLASSES, values, strict=False):
                if average is None:
                    named = zip(classes, value.tolist(), strict=True)
                    yield from ((f"{name}/{label}", score) for label, score in named)
                else:
                    yield f"{name}_{average}", float(value)
