"""Sets of classes that hold the true one with a chosen probability, whatever the model."""

import math

import numpy as np

METHODS = ("lac", "aps")


def scores(probs: np.ndarray, method: str) -> np.ndarray:
    """How strange each class would be, `(n, C)` float64: the larger, the stranger.

    Args:
        probs: `(n, C)`.
        method: `lac`, 1 - p of the class (Sadinle et al. 2019, least ambiguous sets); `aps`, the
            sum of the probabilities of all classes that are at least as probable as it, itself
            included (Romano et al. 2020, without randomisation).
    """
    exact = probs.astype(np.float64)
    if method == "lac":
        return 1 - exact
    order = np.argsort(-exact, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(exact, order, 1), axis=1)
    sums[:, -1] = 1  # whatever was rounded: the least probable ones are all alike
    found = np.empty_like(sums)
    np.put_along_axis(found, order, sums, 1)
    return found


def threshold(own: np.ndarray, coverage: float) -> float:
    """The score up to which a class belongs to the set.

    The k-th smallest of n scores of true classes, k = ceil((n + 1) coverage); infinite where that
    is more than n, so that all classes belong to it. Of samples drawn alike the share whose sets
    hold the true class is then at least `coverage` on average (Vovk et al. 2005).

    Args:
        own: `(n,)`, the score of each sample's true class.
        coverage: in (0, 1).
    """
    k = rank(len(own), coverage)
    return float(np.sort(own)[k - 1]) if k <= len(own) else math.inf


def rank(n: int, coverage: float) -> int:
    """ceil((n + 1) coverage), for which 0.9 is nine tenths."""
    return math.ceil(round((n + 1) * coverage, 9))


def sets(probs: np.ndarray, method: str, thresholds: np.ndarray) -> np.ndarray:
    """Which classes belong to each sample's set, `(n, C)` bool; none may.

    Args:
        probs: `(n, C)`.
        method: of METHODS.
        thresholds: `(C,)`, each class's.
    """
    return scores(probs, method) <= thresholds
