"""How far a test score may be from that of all such samples: percentiles of resampled tests."""

from collections.abc import Callable, Mapping

import numpy as np

N, SEED, CONFIDENCE = 2000, 0, 0.95


def intervals(matrix: np.ndarray) -> dict[str, tuple[float, float]]:
    """Of the scores that follow from a confusion matrix, the middle 95 % of N resampled tests.

    To draw n samples again with replacement is to draw n cells of the matrix by their shares.
    Source: B. Efron 1979, percentile intervals.

    Args:
        matrix: `(C, C)` counts; rows are targets.
    Returns:
        by name, as a run's scores are called without their split.
    """
    n = int(matrix.sum())
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(n, matrix.ravel() / n, N).reshape(N, *matrix.shape)
    return {name: _ends(function(drawn)) for name, function in _SCORES.items()}


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Likewise of the mean of a value of each sample, `(n,)`; those that are NaN are left out."""
    known = values[~np.isnan(values)]
    rng = np.random.default_rng(SEED)
    means = [known[rng.integers(0, len(known), len(known))].mean() for _ in range(N)]
    return _ends(np.array(means))


def _accuracy(matrices: np.ndarray) -> np.ndarray:
    return np.trace(matrices, axis1=1, axis2=2) / matrices.sum((1, 2))


def _balanced(matrices: np.ndarray) -> np.ndarray:
    hits, truths = np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(2)
    return np.nanmean(np.where(truths > 0, hits / np.maximum(truths, 1), np.nan), 1)


def _f1(matrices: np.ndarray) -> np.ndarray:
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    both = matrices.sum(1) + matrices.sum(2)
    return (2 * hits / np.maximum(both, 1)).mean(1)


_SCORES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced,
    "f1_macro": _f1,
}


def _ends(values: np.ndarray) -> tuple[float, float]:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
