"""A test's scores beside the table of what it found of each sample."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from project.provenance.confusion import CONFUSION, read_matrix
from project.run_directory import PREDICTIONS
from project.tables.parquet import read_columns

# Scores are sums in double precision, of numbers that the table has in single precision.
TOLERANCE = 1e-5
_READ = ("loss", "target", "prediction", "prob_true", "probs", "entropy", "n_pixels", "weight")
_READ += ("average_precision",)


def sample_faults(run: Path, test: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Compare the confusion matrix with the table's counts, and scores with means over its rows.

    Args:
        run: the directory.
        test: scores by name.
    Returns:
        Names of what was compared, none without a table; and a line for each that differs.
    Raises:
        OSError: a file can't be read.
        ValueError: one is not what a run writes.
    """
    path = run / PREDICTIONS
    if not path.is_file():
        return [], []
    columns, about = read_columns(path, _READ)
    try:
        found = dict(_means(columns))
        matrix = _matrix(columns, len(about["classes"]))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ValueError(f"{PREDICTIONS} is damaged: {error}") from error
    common = [name for name in found if test.get(name) is not None]
    faults = [
        f"{name} is {test[name]}, by {PREDICTIONS} {found[name]}"
        for name in common
        if not math.isclose(float(test[name]), found[name], rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    ]
    if matrix is not None and (run / CONFUSION).is_file():
        if not np.array_equal(matrix, read_matrix(run / CONFUSION)[1]):
            faults.append(f"{CONFUSION} counts other predictions than {PREDICTIONS} has")
        common.append("confusion_matrix")
    return common, faults


def _matrix(columns: Mapping[str, Any], n_classes: int) -> np.ndarray | None:
    """`(n_classes, n_classes)` int64: rows are targets; None where nothing is right or wrong."""
    if not {"target", "prediction"} <= columns.keys():
        return None
    cells = columns["target"] * n_classes + columns["prediction"]
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def _means(columns: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The scores that are means over samples; over pixels, of masks."""
    if "average_precision" in columns:  # of embeddings, which have no loss of their own
        precision = columns["average_precision"]
        known = ~np.isnan(precision)
        yield "test_map@r", _mean(precision[known])
        yield "test_recall@1", _mean((columns["target"] == columns["prediction"])[known])
        return
    yield "test_loss", _mean(columns["loss"], columns.get("weight"))
    if "entropy" in columns:
        yield "test_mean_entropy", _mean(columns["entropy"], columns.get("n_pixels"))
    if "prob_true" in columns:
        least = np.finfo(np.float64).eps
        own = columns["prob_true"].astype(np.float64)
        yield "test_log_loss", -_mean(np.log(np.maximum(own, least)))
    if "probs" in columns:
        probs = columns["probs"].astype(np.float64)
        off = probs - np.eye(probs.shape[1])[columns["target"]]
        halved = 2 if probs.shape[1] == 2 else 1
        yield "test_brier", _mean((off**2).sum(1)) / halved


def _mean(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    weights = np.ones(len(values)) if weights is None else weights
    counted = weights > 0  # of an image whose pixels are all ignored there is no value
    if not counted.any():
        return math.nan
    return float(np.average(values[counted].astype(np.float64), weights=weights[counted]))
