"""The test scores that a run reports, beside scikit-learn's own of the confusion matrix it wrote.

And the matrix, or where there is none the scores that are counts, beside the record's samples.

While a run goes on, scores are computed by scikit-learn's formulas, without its checks of samples.
"""

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from project.files import read_json
from project.provenance.confusion import CONFUSION, read_matrix
from project.provenance.redact import same_texts
from project.provenance.score_faults import same
from project.run_directory import OUTCOME

WHOLE = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "matthews": metrics.matthews_corrcoef,
}
AVERAGES = ("macro", "weighted")
OF_CLASSES = ("precision", "recall", "f1")
# Of pixels: a function, what its value for each class is called, and what its averages are.
PIXELS = (
    (metrics.jaccard_score, "iou", {"mean_iou": "macro", "frequency_weighted_iou": "weighted"}),
    (metrics.f1_score, "dice", {"mean_dice": "macro"}),
    *(
        (getattr(metrics, f"{name}_score"), name, {f"{name}_{of}": of for of in AVERAGES})
        for name in OF_CLASSES
    ),
)


def check_scores(run: Path, pixels: bool = False) -> tuple[list[str], list[str]]:
    """Compare the scores that follow from the counts, to the last bit.

    Args:
        run: the directory of an ended run.
        pixels: whether they are what is scored.
    Returns:
        Which were compared, none without a test; and a line for each that differs.
    Raises:
        OSError: a file can't be read.
        ValueError: one is not what a run writes.
    """
    path = run / CONFUSION
    outcome = read_json(run / OUTCOME)
    reported = outcome.get("test")
    if not reported or not path.is_file():
        return [], []
    classes, matrix = read_matrix(path)
    if pixels:
        scores = _scores_of_pixels(classes, matrix)
    else:
        # Of runs before schema 3, kappa was summed over all classes, whether they occur or not.
        scores = _scores(classes, matrix, former=outcome.get("schema", 1) < 3)
    found = {f"test_{name}": value for name, value in scores}
    common = [name for name in found if reported.get(name) is not None]
    return common, [
        f"{name} is {reported[name]}, by scikit-learn {found[name]} (of {CONFUSION})"
        for name in common
        if not same(float(reported[name]), found[name])
    ]


def count_faults(run: Path, record: Mapping[str, Any], test: Mapping[str, Any]) -> list[str]:
    """What can't be so with as many test samples of each class as the record has, a line each.

    Args:
        run: the directory.
        record: of the run.
        test: scores by name. Accuracies and recalls are one count over another; without a
            confusion matrix there is at least a count that gives them.
    Raises:
        OSError: a file can't be read.
        ValueError: one is not what a run writes.
    """
    data, flags = record["data"], record["flags"]
    count = data["counts"].get("test") or {}
    if flags.get("limit_batches") is not None or "per_class" not in count:
        return []  # not all samples were tested
    if (path := run / CONFUSION).is_file():
        classes, matrix = read_matrix(path)
        found = []
        if not same_texts(classes, data["classes"]):
            found.append(f"{CONFUSION} has other classes than the record")
        if matrix.sum(1).tolist() != count["per_class"]:
            found.append(f"{CONFUSION} has other numbers of samples by class than the record")
        return found
    wholes = {
        f"test_recall/{n}": k for n, k in zip(data["classes"], count["per_class"], strict=False)
    }
    # Samples, or pixels of masks without those that are ignored.
    whole = sum(count["per_class"])
    wholes |= {name: whole for name in test if name.endswith("accuracy")}
    wholes.pop("test_balanced_accuracy", None)
    return [
        f"{name} is {test[name]}, which is no number of {n} samples over {n}"
        for name, n in wholes.items()
        if n and name in test and not _is_part(float(test[name]), n)
    ]


def _is_part(value: float, n: int) -> bool:
    return 0 <= value <= 1 and round(value * n) / n == value


def _scores(classes: list[str], matrix: np.ndarray, former: bool) -> Iterator[tuple[str, float]]:
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
        kappa = metrics.cohen_kappa_score(targets, preds, **(labelled if former else options))
        yield "cohen_kappa", float(kappa)
        for average in (None, *AVERAGES):
            values = metrics.precision_recall_fscore_support(
                targets, preds, average=average, zero_division=0, **labelled
            )
            for name, value in zip(OF_CLASSES, values, strict=False):
                if average is None:
                    named = zip(classes, value.tolist(), strict=True)
                    yield from ((f"{name}/{label}", score) for label, score in named)
                else:
                    yield f"{name}_{average}", float(value)


def _scores_of_pixels(classes: list[str], matrix: np.ndarray) -> Iterator[tuple[str, float]]:
    """As `_scores`; classes that occur nowhere are NaN, and no part of the means."""
    targets, preds = np.nonzero(matrix)
    there = np.union1d(targets, preds)
    options = {"sample_weight": matrix[targets, preds]}
    with warnings.catch_warnings():
        # Where all pixels are of one class.
        warnings.simplefilter("ignore")
        yield "pixel_accuracy", float(metrics.accuracy_score(targets, preds, **options))
        yield "cohen_kappa", float(metrics.cohen_kappa_score(targets, preds, **options))
        for function, name, averages in PIXELS:
            options |= {"labels": there, "zero_division": 0}
            each = np.full(len(classes), np.nan)
            each[there] = function(targets, preds, average=None, **options)
            named = zip(classes, each.tolist(), strict=True)
            yield from ((f"{name}/{label}", score) for label, score in named)
            for whole, average in averages.items():
                yield whole, float(function(targets, preds, average=average, **options))
