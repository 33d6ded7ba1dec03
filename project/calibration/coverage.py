"""How often sets of classes hold the true one, and how often they should."""

from typing import Any

import numpy as np

from project.inference.calibration import Sets
from project.inference.conformal import METHODS, rank, scores, sets, threshold

CONFIDENCE = 0.95


def found_sets(
    probs: np.ndarray, targets: np.ndarray, coverage: float, per_class: bool
) -> list[Sets]:
    """Sets of each method.

    Args:
        probs: of the validation samples, `(n, C)`.
        targets: `(n,)`.
        coverage: that is wanted.
        per_class: whether each class is to be covered so often, by a threshold of its own.
    """
    found = []
    for method in METHODS:
        own = scores(probs, method)[np.arange(len(targets)), targets]
        n_classes = probs.shape[1]
        if per_class:
            each = [threshold(own[targets == cls], coverage) for cls in range(n_classes)]
        else:
            each = [threshold(own, coverage)] * n_classes
        found.append(Sets(method, coverage, np.array(each)))
    return found


def measured(
    kind: Sets, probs: np.ndarray, targets: np.ndarray, n_calibration: int | None
) -> dict[str, Any]:
    """What the sets do on the test samples.

    Args:
        kind: of the sets.
        probs: of the test samples, `(n, C)`.
        targets: `(n,)`.
        n_calibration: of how many samples the threshold is; None: each class has its own.
    Returns:
        `covered`, the share of sets that hold the true class; `allowed`, between which two shares
        it lies with 95 % if all samples were drawn alike; the `mean_size` of sets; the share of
        `empty` ones; and of `each` class that occurs how often it is covered.
    """
    inside = sets(probs, kind.method, kind.thresholds)
    hit = inside[np.arange(len(targets)), targets]
    sizes = inside.sum(1)
    there = np.unique(targets)
    return {
        "covered": float(hit.mean()),
        "allowed": allowed(n_calibration, len(targets), kind.coverage) if n_calibration else None,
        "mean_size": float(sizes.mean()),
        "empty": float((sizes == 0).mean()),
        "each": {int(cls): float(hit[targets == cls].mean()) for cls in there},
    }


def allowed(n_calibration: int, n_test: int, coverage: float) -> list[float] | None:
    """The middle 95 % of the shares that a threshold of n samples covers among n_test others.

    With k = ceil((n + 1) coverage) the number covered is beta-binomial, of n_test draws with
    probability Beta(k, n + 1 - k) (Angelopoulos and Bates 2023, https://arxiv.org/abs/2107.07511).
    None where all classes are in each set.
    """
    from scipy.stats import betabinom

    k = rank(n_calibration, coverage)
    if k > n_calibration:
        return None
    low, high = betabinom.interval(CONFIDENCE, n_test, k, n_calibration + 1 - k)
    return [float(low) / n_test, float(high) / n_test]
