"""What is said of a fit, word for word where there is no noise, and its picture."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from project.forecast import sentences
from project.forecast.answer import answer
from project.forecast.figure import picture
from project.forecast.points import Point
from tests.forecast.simulated import ONE_SIZE, PARAMETERS, SIZES, points


def told(*arguments) -> str:
    return "\n".join(sentences.lines(answer(*arguments, draws=50)))


def test_a_forecast_without_noise_is_the_form() -> None:
    text = told(points(ONE_SIZE, seeds=2), "val_accuracy", 0.9, 32000, [0.1, 0.01])
    at_all, twice = ONE_SIZE.error(32000, 1), ONE_SIZE.error(64000, 1)
    assert f"32,000 samples, all data       {at_all:.4f} [{at_all:.4f}, {at_all:.4f}]" in text
    assert f"64,000 samples, twice as many  {twice:.4f} [{twice:.4f}, {twice:.4f}]" in text
    assert "alpha  0.6 [0.6, 0.6]" in text
    needed = ONE_SIZE.samples_for(0.1, 1)
    assert 10_000 < needed < 100_000
    assert f"samples for 10 %               {round(needed, -2):,.0f} [" in text
    # The floor is 2.2 %: no number of samples has an error of 1 %.
    assert f"samples for 1 %                none: {ONE_SIZE.floor(1):.4f} [" in text


def test_each_size_has_a_forecast_and_checks() -> None:
    text = told(points(SIZES, PARAMETERS, seeds=1), "val_accuracy", 0.9, 32000, [0.01])
    for size in PARAMETERS:
        assert f"  {size:,} parameters\n" in text
    assert "e = n^-alpha + b m^-beta + c" in text
    # Three fits of fewer samples, each of four sizes, all right as there is no noise.
    assert text.count("16,000") >= 1 and text.count(" %\n") >= 12


@pytest.mark.parametrize("sizes", [(1000,), PARAMETERS])
def test_lines_fit_into_80_columns(sizes: tuple[int, ...]) -> None:
    law = ONE_SIZE if len(sizes) == 1 else SIZES
    text = told(points(law, sizes, relative=0.2), "val_accuracy", 0.9, 32000, [0.1, 0.01])
    assert max(map(len, text.splitlines())) <= 80


def test_errors_that_are_none_are_left_out_and_said() -> None:
    some = [*points(ONE_SIZE, seeds=1), Point(32000, 1000, 0, 0.0)]
    assert "left out: 1 run of samples and sizes without any error" in told(
        some, "val_accuracy", 0.9, 32000, [0.01]
    )


@pytest.mark.parametrize("fall, is_told", [(0.0, True), (0.009, True), (0.011, False)])
def test_an_error_that_does_not_fall_is_told(fall: float, is_told: bool) -> None:
    """As of models that have learned nothing: the form fits, and forecasts the same for ever."""
    some = [Point(n, 1000, 0, 0.8 * (1 - fall * (n == 800))) for n in (100, 200, 400, 800)]
    assert ("THE ERROR DOES NOT FALL" in told(some, "val_mean_iou", 1.0, 1600, [])) is is_told


def test_a_form_that_does_not_fit_is_told() -> None:
    some = points(ONE_SIZE, relative=0.01)
    assert "IT DOES NOT FIT" not in told(some, "val_accuracy", 0.9, 32000, [0.01])
    other = [Point(p.samples, 1000, p.seed, p.error * (1 + (p.samples == 2000))) for p in some]
    text = told(other, "val_accuracy", 0.9, 32000, [0.01])
    assert "IT DOES NOT FIT: seeds differ by" in text


def test_too_few_points_are_a_line() -> None:
    some = [Point(n, 1, 0, e) for n, e in ((10, 0.5), (20, 0.3), (40, 0.0), (80, 0.0))]
    with pytest.raises(ValueError, match="runs of 2 numbers of samples with any error"):
        answer(some, "val_accuracy", 0.9, 80, [0.01])


@pytest.mark.parametrize("seed", range(12))
def test_errors_without_any_form_have_an_answer_too(seed: int) -> None:
    """Random, constant, and worse than a guess; a warning would be an error."""
    generator = np.random.default_rng(seed)
    ns = np.unique((10 ** generator.uniform(1, 6, 5)).astype(int)).tolist()
    sizes = [[1000], [10, 1000, 10**8]][seed % 2]
    of = [generator.random, lambda: 0.5, lambda: 1.0][seed % 3]
    some = [Point(n, m, k, float(of())) for n in ns for m in sizes for k in range(2)]
    found = answer(some, "val_accuracy", 0.9, 2 * ns[-1], [0.01, 0.6], 50)
    assert max(map(len, sentences.lines(found))) <= 90
    assert all(0 <= ahead.all_data.value <= 0.9 for ahead in found.ahead)
    if seed < 2:
        assert picture(found, "x", "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "value, text",
    [(1234567, "1,230,000"), (12, "12"), (1.5e12, "1.5e+12"), (math.inf, "inf")],
)
def test_counts_say_what_is_known_of_them(value: float, text: str) -> None:
    assert sentences.count(value) == text


def test_the_picture_is_drawn_alike_each_time() -> None:
    found = answer(points(SIZES, PARAMETERS, relative=0.05), "val_accuracy", 0.9, 32000, [0.01], 50)
    assert picture(found, "x", "png").startswith(b"\x89PNG")
    drawn = picture(found, "all & sundry", "svg")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert drawn == picture(found, "all & sundry", "svg")
