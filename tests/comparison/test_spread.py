"""The statistics of groups, beside NumPy's and SciPy's on the same numbers."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from project.comparison.spread import of_mean, paired, summary

values = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(st.lists(values, min_size=2, max_size=20))
def test_mean_and_deviation_are_numpys(numbers: list[float]) -> None:
    found = summary(numbers)
    assert found["n"] == len(numbers)
    assert found["mean"] == pytest.approx(np.mean(numbers), rel=1e-12, abs=1e-9)
    assert found["sd"] == pytest.approx(np.std(numbers, ddof=1), rel=1e-9, abs=1e-9)


@given(st.lists(st.tuples(values, values), min_size=2, max_size=20))
def test_the_interval_is_scipys(both: list[tuple[float, float]]) -> None:
    first, second = zip(*both, strict=True)
    differences = np.subtract(second, first)
    assume(np.std(differences) > 1e-3)  # SciPy divides by it
    interval = stats.ttest_rel(second, first).confidence_interval(0.95)
    found = paired(dict(enumerate(first)), dict(enumerate(second)))
    assert found["mean"] == pytest.approx(np.mean(differences), rel=1e-9, abs=1e-6)
    assert found["low"] == pytest.approx(interval.low, rel=1e-9, abs=1e-6)
    assert found["high"] == pytest.approx(interval.high, rel=1e-9, abs=1e-6)


def test_the_interval_of_a_mean_is_scipys() -> None:
    numbers = [0.91, 0.93, 0.95, 0.9]
    expected = stats.t.interval(0.95, 3, np.mean(numbers), stats.sem(numbers))
    assert of_mean(summary(numbers)) == pytest.approx(expected)
    assert of_mean(summary([0.9])) is None and of_mean(summary([0.9, math.inf])) is None


def test_only_seeds_in_common_are_paired() -> None:
    found = paired({0: 0.5, 1: 0.6, 2: 9.0}, {1: 0.7, 0: 0.9, 3: -9.0})
    # Seed 0: 0.9 - 0.5 = 0.4; seed 1: 0.7 - 0.6 = 0.1. Their mean is 0.25, their deviation
    # sqrt(0.15 ** 2 + 0.15 ** 2) = 0.2121; Student's t for 1 degree and 95 % is 12.706.
    assert found["n"] == 2
    assert found["mean"] == pytest.approx(0.25)
    half = 12.706204736 * math.sqrt(2 * 0.15**2) / math.sqrt(2)
    assert found["low"] == pytest.approx(0.25 - half)
    assert found["high"] == pytest.approx(0.25 + half)


def test_one_value_has_no_spread() -> None:
    assert summary([0.5]) == {"n": 1, "mean": 0.5, "sd": None}
    found = paired({0: 1.0}, {0: 3.0})
    assert found == {"n": 1, "mean": 2.0, "sd": None, "low": None, "high": None}


def test_equal_differences_have_an_interval_without_width() -> None:
    found = paired({0: 1.0, 1: 2.0}, {0: 1.5, 1: 2.5})
    assert (found["mean"], found["sd"], found["low"], found["high"]) == (0.5, 0.0, 0.5, 0.5)


def test_what_is_not_finite_stays_so() -> None:
    assert math.isnan(summary([math.inf, 1.0])["mean"])
    assert math.isnan(paired({0: math.nan, 1: 1.0}, {0: 1.0, 1: 1.0})["low"])
