"""Mean and spread over seeds, and intervals for the difference between two groups of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from project.cli.spread import summary

CONFIDENCE = 0.95


def paired(
    first: Mapping[int, float], second: Mapping[int, float], confidence: float = CONFIDENCE
) -> dict[str, Any]:
    """The second less the first by seed: its mean and confidence interval.

    The differences are taken as normal, so their mean has Student's t distribution with n - 1
    degrees of freedom (as in `scipy.stats.ttest_rel(...).confidence_interval(0.95)`).

    Args:
        first: Values by seed.
        second: Values by seed.
        confidence: Of the interval.
    Returns:
        `n` seeds in common, `mean`, `sd`, and `low` and `high`, which are None where n < 2.
    """
    seeds = sorted(first.keys() & second.keys())
    found = {**summary([second[seed] - first[seed] for seed in seeds]), "low": None, "high": None}
    if len(seeds) > 1:
        half = _student(len(seeds) - 1, confidence) * found["sd"] / math.sqrt(len(seeds))
        found |= {"low": found["mean"] - half, "high": found["mean"] + half}
    return found


def of_mean(told: Mapping[str, Any], confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The confidence interval of a mean over seeds, by Student's t distribution.

    Args:
        told: Of `summary`.
        confidence: Of the interval.
    Returns:
        Its ends; None of a single value, and of what is not finite.
    """
    if told["sd"] is None or not math.isfinite(told["sd"]):
        return None
    half = _student(told["n"] - 1, confidence) * told["sd"] / math.sqrt(told["n"])
    return told["mean"] - half, told["mean"] + half


def unpaired(
    first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE
) -> dict[str, Any]:
    """The second mean less the first, of runs that share no seed, with Welch's interval.

    As in `scipy.stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)`: the
    spreads may differ, and Satterthwaite's formula gives the degrees of freedom.

    Args:
        first: Values, at least one.
        second: Values, at least one.
        confidence: Of the interval.
    Returns:
        `mean`, `error` (the difference's standard error), and `low` and `high`; but for `mean` they
        are None where there are less than two values of either.
    """
    one, two = summary(first), summary(second)
    found = {"mean": two["mean"] - one["mean"], "error": None, "low": None, "high": None}
    if one["sd"] is None or two["sd"] is None:
        return found
    error = math.hypot(*(told["sd"] / math.sqrt(told["n"]) for told in (one, two)))
    half = error and _student(_satterthwaite(one, two, error), confidence) * error
    mean = found["mean"]
    return found | {"error": error, "low": mean - half, "high": mean + half}


def _satterthwaite(one: Mapping[str, Any], two: Mapping[str, Any], error: float) -> float:
    shares = [(told["sd"] / error) ** 2 / told["n"] for told in (one, two)]
    return 1 / sum(s**2 / (told["n"] - 1) for s, told in zip(shares, (one, two), strict=True))


def _student(degrees: float, confidence: float) -> float:
    """The two-sided quantile of Student's t distribution."""
    # Slow to import, and only groups need it; scipy.stats is slower still.
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + confidence) / 2))
