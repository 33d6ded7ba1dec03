"""The curve of a range test against NumPy's own fits, and what it suggests of made-up losses."""

import numpy as np
import pytest

from project.tuning.curve import WIDTH, smooth
from project.tuning.rising import MEMORY, TIMES, RunningMean

RATES = np.geomspace(1e-6, 10, 100)
X = np.log10(RATES)
# Falls from 2.3 to 0.3, most steeply where the rate is 0.001.
FALLING = 2.3 - 2 / (1 + np.exp(-(X + 3) / 0.25))
SIZES = [128] * 100


def noise(seed: int, deviation: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, deviation, len(RATES))


@pytest.mark.parametrize("at", [0, 37, 99])
def test_lines_are_those_of_weighted_least_squares(at: int) -> None:
    losses, sizes = FALLING + noise(0, 0.1), np.arange(1, 101)
    weights = sizes * np.exp(-(((X - X[at]) / WIDTH) ** 2) / 2)
    (slope, value), _ = np.polyfit(X - X[at], losses, 1, w=np.sqrt(weights), cov=True)
    curve = smooth(RATES, losses, sizes)
    assert curve.slopes[at] == pytest.approx(slope) and curve.smoothed[at] == pytest.approx(value)
    # The slope is a weighted sum of the losses: its variance is that of one times their squares.
    off = X - np.average(X, weights=weights)
    shares = weights * off / (weights * off**2).sum()
    n = weights.sum() ** 2 / (weights**2).sum()
    residuals = losses - value - slope * (X - X[at])
    variance = np.average(residuals**2, weights=weights) * n / (n - 2)
    assert curve.errors[at] == pytest.approx(np.sqrt(variance * (shares**2).sum()))


def test_the_steepest_descent_is_found_through_noise() -> None:
    found = [smooth(RATES, FALLING + noise(seed, 0.1), SIZES).steepest() for seed in range(100)]
    assert all(at is not None and abs(X[at] + 3) < 0.3 for at in found)


def test_what_explodes_after_the_least_loss_is_no_matter() -> None:
    exploding = FALLING + np.where(X > -1, 10 ** (2 * (X + 1)) - 1, 0) + np.where(X > 0, -900, 0)
    ended = exploding[X < 0]
    at = smooth(RATES[X < 0], ended, SIZES[: len(ended)]).steepest()
    assert at is not None and abs(X[at] + 3) < 0.1


@pytest.mark.parametrize("trend", [0.0, 0.05])
def test_of_noise_nothing_is_suggested(trend: float) -> None:
    found = [smooth(RATES, 2.3 + trend * X + noise(s, 0.1), SIZES).steepest() for s in range(100)]
    assert sum(at is not None for at in found) <= 2  # 1 in 300 of other draws


def test_a_few_rates_far_apart_have_lines_too() -> None:
    rates = np.geomspace(1e-6, 10, 20)
    x = np.log10(rates)
    curve = smooth(rates, 5 - x, [8] * 20)
    assert curve.slopes == pytest.approx(-np.ones(20)) and curve.smoothed == pytest.approx(5 - x)


@pytest.mark.parametrize("best, sign", [(1.0, 1), (-1.0, -1)])
def test_a_loss_has_exploded_at_four_times_its_best_mean(best: float, sign: int) -> None:
    """Below 0 it is as far above: 3 more than 1 is 4 times 1, and 3 more than -1 is 2."""
    n, limit = 10, best + (TIMES - 1) * 1.0
    for loss_at in (-1e-9, 1e-9):
        mean = RunningMean(MEMORY)
        assert not any(mean.explodes(best) for _ in range(n))
        # The weights of what was before, 0.9 (1 - 0.9^10), and of the next, 0.1, over their sum.
        before, whole = MEMORY * (1 - MEMORY**n), 1 - MEMORY ** (n + 1)
        loss = ((limit + loss_at) * whole - best * before) / (1 - MEMORY)
        assert mean.explodes(loss) == (loss_at > 0)


def test_a_loss_that_falls_never_explodes() -> None:
    mean = RunningMean(MEMORY)
    assert not any(mean.explodes(loss) for loss in np.linspace(5, 0.01, 300))
