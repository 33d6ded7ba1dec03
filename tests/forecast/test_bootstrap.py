"""Intervals hold what they are to hold, as often as they say."""

from collections import Counter

import numpy as np
import pytest

from project.forecast.bootstrap import Fitted, interval
from project.forecast.law import Law
from project.forecast.points import Point
from project.forecast.questions import checks, error_at, floor, parameters, samples_for
from tests.forecast.simulated import ONE_SIZE, PARAMETERS, SAMPLES, SIZES, points

AHEAD = 2 * SAMPLES[-1]


def held(truth: Law, sizes: tuple[int, ...], trials: int, draws: int, **noise) -> Counter[str]:
    """How often the interval of each parameter, and of the forecast, holds the true one."""
    found: Counter[str] = Counter()
    for seed in range(trials):
        fitted = Fitted(points(truth, sizes, seed=seed, **noise), truth.chance, draws)
        for name, each in parameters(fitted).items():
            found[name] += each.low <= getattr(truth, name) <= each.high
        ahead = error_at(fitted, AHEAD, sizes[-1])
        found["ahead"] += ahead.low <= truth.error(AHEAD, sizes[-1]) <= ahead.high
    return found


def test_intervals_hold_the_true_parameters() -> None:
    """Of 12 by chance 11.4; 8 or fewer come once in 4,000 times."""
    assert min(held(ONE_SIZE, (1000,), 12, 150, counted=2000).values()) >= 9


@pytest.mark.nightly
@pytest.mark.parametrize("noise", [{"relative": 0.03}, {"relative": 0.1}, {"counted": 2000}])
@pytest.mark.parametrize("truth, sizes", [(ONE_SIZE, (1000,)), (SIZES, PARAMETERS)])
def test_intervals_hold_the_true_parameters_90_times_of_100(
    truth: Law, sizes: tuple[int, ...], noise: dict[str, float]
) -> None:
    found = held(truth, sizes, 100, 400, **noise)
    assert min(found.values()) >= 90, found


def test_an_interval_is_the_middle_of_the_draws() -> None:
    """Of 1 to 100 the 5th and the 95th leave a twentieth on either side."""
    assert interval(np.arange(1, 101)[:, None], 0.9) == (5, 95)
    assert interval(np.array([[1.0], [np.inf], [np.inf]]))[1] == np.inf


def test_more_seeds_make_intervals_narrower() -> None:
    def width(seeds: int) -> float:
        found = error_at(
            Fitted(points(ONE_SIZE, seeds=seeds, relative=0.05), 0.9, 400), AHEAD, 1000
        )
        return found.high - found.low

    assert width(12) < 0.75 * width(3)  # half of it, but for chance


def test_as_many_parameters_as_points_say_nothing_of_an_interval() -> None:
    fitted = Fitted(points(ONE_SIZE, seeds=1)[:3], 0.9)
    assert fitted.laws is None
    ahead = error_at(fitted, AHEAD, 1000)
    assert ahead.value == pytest.approx(ONE_SIZE.error(AHEAD, 1000), rel=1e-3)
    assert np.isnan([ahead.low, ahead.high]).all()


def test_samples_for_an_error_are_those_of_the_form() -> None:
    fitted = Fitted(points(SIZES, PARAMETERS, relative=0.01), 0.9, 200)
    needed, true = samples_for(fitted, 0.2, 64000), SIZES.samples_for(0.2, 64000)
    assert needed.low <= true <= needed.high and needed.value == pytest.approx(true, rel=0.1)
    # The floor of a small model is above 10 %: no number of samples leads there.
    assert SIZES.floor(1000) > 0.1 and samples_for(fitted, 0.1, 1000).value == np.inf
    assert floor(fitted, 1000).value == pytest.approx(SIZES.floor(1000), rel=0.1)


def test_checks_forecast_what_they_have_not_seen() -> None:
    """From up to 2000, 4000 and 8000 samples, for 16000; with less noise than 5 % none is far."""
    found = checks(points(ONE_SIZE, relative=0.01), 0.9, 100)
    assert [(c.up_to, c.samples, c.size) for c in found] == [
        (2000, 16000, 1000),
        (4000, 16000, 1000),
        (8000, 16000, 1000),
    ]
    measured = np.mean([p.error for p in points(ONE_SIZE, relative=0.01) if p.samples == 16000])
    for check in found:
        assert check.measured == pytest.approx(measured)
        assert check.off == pytest.approx(check.forecast.value / measured - 1)
    assert abs(found[-1].off) < 0.05


def test_a_check_does_not_see_what_it_forecasts() -> None:
    some = points(ONE_SIZE, relative=0.01)
    other = [p if p.samples < 16000 else Point(16000, 1000, p.seed, 3 * p.error) for p in some]
    for one, another in zip(checks(some, 0.9, 50), checks(other, 0.9, 50), strict=True):
        assert one.forecast == another.forecast and another.off < one.off


def test_errors_of_another_form_are_told_from_noise() -> None:
    """Of the form's own at the level of 1 % one of 100 is; of errors in steps each is."""
    fits = [Fitted(points(ONE_SIZE, counted=2000, seed=s), 0.9, 1).fits for s in range(20)]
    assert min(fits) > 1e-4 and np.mean(np.array(fits) < 0.5) == pytest.approx(0.5, abs=0.35)
    some = points(ONE_SIZE, relative=0.02)
    stepped = [Point(p.samples, p.size, p.seed, 0.6 if p.samples < 4000 else p.error) for p in some]
    found = Fitted(
        [Point(p.samples, p.size, p.seed, p.error * (1 + p.seed / 50)) for p in stepped], 0.9, 1
    )
    assert found.fits < 1e-3 and found.noise > 2 * found.scatter


def test_scatter_is_that_of_seeds() -> None:
    """Two seeds, 10 % above and below the form: their mean is the form, 1 free number a cell."""
    form = points(ONE_SIZE, seeds=2)
    some = [Point(p.samples, p.size, p.seed, p.error * (0.9 + 0.2 * p.seed)) for p in form]
    assert Fitted(some, 0.9, 1).scatter == pytest.approx(np.sqrt(2 * 0.1**2), rel=1e-2)
    assert np.isnan(Fitted(form[::2], 0.9, 1).scatter)
