"""The form is Rosenfeld's, and its inverse undoes it."""

import math

import numpy as np
import pytest

from project.forecast.law import Law

LAW = Law(chance=0.9, alpha=0.5, eta=0.02, c=0.001, b=0.3, beta=0.6)


def test_the_error_is_that_of_the_paper() -> None:
    """As it stands there, with complex numbers."""
    n, m = 400, 1000
    e = 400**-0.5 + 0.3 * 1000**-0.6 + 0.001  # 0.05 + 0.00475... + 0.001
    assert LAW.error(n, m) == pytest.approx(0.9 * abs(e / (e - 1j * 0.02)), rel=1e-12)


def test_few_samples_leave_a_guess_and_many_the_floor() -> None:
    assert LAW.error(1e-9, 1000) == pytest.approx(0.9, rel=1e-9)
    e = 0.3 * 1000**-0.6 + 0.001
    assert LAW.floor(1000) == pytest.approx(0.9 * e / math.sqrt(e**2 + 0.02**2), rel=1e-12)
    assert LAW.error(1e30, 1000) == pytest.approx(LAW.floor(1000), rel=1e-9)


def test_samples_for_an_error_give_it() -> None:
    needed = LAW.samples_for(0.5, 1000)
    assert LAW.error(needed, 1000) == pytest.approx(0.5, rel=1e-12)


def test_no_samples_give_less_than_the_floor_and_none_are_needed_for_a_guess() -> None:
    assert LAW.samples_for(0.9 * LAW.floor(1000), 1000) == math.inf
    assert LAW.samples_for(0.95, 1000) == 0


def test_many_laws_answer_at_once() -> None:
    both = Law(0.9, np.array([[0.5], [0.6]]), np.array([[0.02], [0.03]]), np.array([[0.001], [0]]))
    one, other = Law(0.9, 0.5, 0.02, 0.001), Law(0.9, 0.6, 0.03, 0.0)
    n = np.array([100.0, 200.0, 400.0])
    expected = [[law.error(float(x), 1) for x in n] for law in (one, other)]
    assert np.allclose(both.error(n, 1), expected, rtol=1e-12)
    assert np.allclose(
        both.samples_for(0.1, 1), [[one.samples_for(0.1, 1)], [other.samples_for(0.1, 1)]]
    )
