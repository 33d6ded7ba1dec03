"""Mean and spread over seeds, and what a paired difference between two groups is worth."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

CONFIDENCE = 0.95


def summary(values: Sequence[float]) -> dict[str, Any]:
    """`n`, `mean` and the sample standard deviation `sd` (n - 1; None for a single value).

    Of no value at all there is no mean either.
    """
    if not values:
        return {"n": 0, "mean": None, "sd": None}
    if not all(map(math.isfinite, values)):
        # The mean of inf and -inf is none; neither is their spread.
        return {"n": len(values), "mean": math.nan, "sd": math.nan if len(values) > 1 else None}
    try:
        sd = statistics.stdev(values) if len(values) > 1 else None
        return {"n": len(values), "mean": statistics.fmean(values), "sd": sd}
    except OverflowError:  # finite values, the sum of whose squares is not
        return {"n": len(values), "mean": math.nan, "sd": math.nan}


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> dict[str, Any]:
    """The second less the first by seed: its mean and 95 % confidence interval.

    The differences are taken as normal, so their mean has Student's t distribution with n - 1
    degrees of freedom (as in `scipy.stats.ttest_rel(...).confidence_interval(0.95)`).

    Args:
        first: Values by seed.
        second: Values by seed.
    Returns:
        `n` seeds in common, `mean`, `sd`, and `low` and `high`, which are None where n < 2.
    """
    seeds = sorted(first.keys() & second.keys())
    found = {**summary([second[seed] - first[seed] for seed in seeds]), "low": None, "high": None}
    if len(seeds) > 1:
        half = _student(len(seeds) - 1) * found["sd"] / math.sqrt(len(seeds))
        found |= {"low": found["mean"] - half, "high": found["mean"] + half}
    return found


def _student(degrees: int) -> float:
    """The two-sided quantile of Student's t distribution."""
    # Slow to import, and only groups need it; scipy.stats is slower still.
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
