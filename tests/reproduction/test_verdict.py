"""Two runs' values against each other: the verdict, its size, and where they part."""

import math
from typing import Any

import pytest

from project.reproduction.expected import Recorded
from project.reproduction.verdict import judge, relative_difference

Points = dict[tuple[str, int], tuple[int, float]]
# Two epochs of one step, and a test.
POINTS: Points = {
    ("train_loss", 1): (0, 2.0),
    ("val_loss", 1): (0, 1.5),
    ("train_loss", 2): (1, 1.0),
    ("val_loss", 2): (1, math.nan),
    ("test_loss", 2): (2, 0.5),
}


def recorded(points: Points, weights: str = "w", status: str = "finished") -> Recorded:
    outcome: dict[str, Any] = {"status": status, "weights": {"last.pt": weights}}
    return Recorded("id", {}, outcome, None, points)


def test_the_same_is_reproduced_bit_for_bit() -> None:
    verdict = judge(recorded(POINTS), recorded(dict(POINTS)), 1e-5, None, [])
    assert verdict.line == "REPRODUCED bit for bit: 5 values, and the weights"


def test_what_differs_around_the_runs_is_named_whatever_came_out() -> None:
    verdict = judge(recorded(POINTS), recorded(dict(POINTS)), 1e-5, None, ["threads: 1 -> 2"])
    assert (
        verdict.line
        == "REPRODUCED bit for bit: 5 values, and the weights, although 1 thing differs"
    )
    assert verdict.explanations == ["threads: 1 -> 2"]


def test_rounding_is_told_with_its_size() -> None:
    now = POINTS | {("train_loss", 2): (1, 1.0 + 2e-7)}
    verdict = judge(recorded(POINTS), recorded(now, "other"), 1e-5, None, ["threads: 1 -> 2"])
    # |1 - 1.0000002| / 1.0000002
    assert math.isclose(verdict.largest, 2e-7 / (1 + 2e-7), rel_tol=1e-6)
    assert verdict.line == (
        "REPRODUCED WITHIN 2e-07 (largest relative difference of 5 values; tolerance 1e-05)"
    )
    assert verdict.explanations == ["threads: 1 -> 2"]


def test_the_first_difference_is_named() -> None:
    now = POINTS | {("val_loss", 1): (0, 3.0), ("train_loss", 2): (1, 1.1)}
    verdict = judge(recorded(POINTS), recorded(now), 1e-5, None, [])
    # |1.5 - 3| / 3
    assert verdict.line == (
        "DIFFERS first in epoch 1, step 1, val_loss: 1.5 -> 3.0 (largest relative difference 0.5)"
    )


def test_a_value_that_is_missing_differs() -> None:
    now = {key: point for key, point in POINTS.items() if key != ("test_loss", 2)}
    verdict = judge(recorded(POINTS), recorded(now), 1e-5, None, [])
    assert verdict.line == (
        "DIFFERS first in epoch 3, step 2, test_loss: 0.5 -> None (largest relative difference"
        " inf); 1 of 5 values were not logged again"
    )


def test_weights_alone_can_differ() -> None:
    verdict = judge(recorded(POINTS), recorded(POINTS, "other"), 1e-5, None, [])
    assert verdict.line == "DIFFERS in the weights alone: all 5 values are the same"


def test_a_prefix_is_judged_without_what_follows() -> None:
    now = {key: point for key, point in POINTS.items() if key[1] == 1}
    verdict = judge(recorded(POINTS), recorded(now, "other", "interrupted"), 1e-5, 1, [])
    assert verdict.line == "REPRODUCED bit for bit: 2 values"


def test_a_run_without_epochs_is_judged_by_the_new_ones() -> None:
    then = {key: (-1, value) for key, (_, value) in POINTS.items()}
    now = {key: point for key, point in POINTS.items() if key[1] == 1}
    assert judge(recorded(then), recorded(now), 1e-5, 1, []).n_values == 2


def test_what_a_run_without_epochs_logged_and_is_absent_now_differs() -> None:
    then = {key: (-1, value) for key, (_, value) in POINTS.items()}
    now = {("val_loss", 1): (0, 1.5)}
    verdict = judge(recorded(then), recorded(now), 1e-5, 1, [])
    assert (verdict.word, verdict.missing, verdict.n_values) == ("DIFFERS", 1, 2)
    # Nothing at all came out: all that it could have been is missing.
    verdict = judge(recorded(then), recorded({}), 1e-5, 1, [])
    assert (verdict.word, verdict.missing, verdict.n_values) == ("DIFFERS", 4, 4)


def test_weights_that_are_absent_differ() -> None:
    now = recorded(POINTS)
    now.outcome.pop("weights")
    assert judge(recorded(POINTS), now, 1e-5, None, []).word == "DIFFERS"
    # Nobody knows those of an older run.
    assert judge(now, recorded(POINTS), 1e-5, None, []).word == "REPRODUCED"


def test_an_interrupted_run_is_judged_by_what_it_logged() -> None:
    then = {key: point for key, point in POINTS.items() if point[0] == 0}
    verdict = judge(recorded(then, "early", "interrupted"), recorded(POINTS), 1e-5, None, [])
    assert verdict.line == "REPRODUCED bit for bit: 2 values"


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (2.0, 2.0, 0.0),
        (math.nan, math.nan, 0.0),
        (math.inf, math.inf, 0.0),
        (math.inf, 1.0, math.inf),
        (math.nan, 1.0, math.inf),
        (None, 1.0, math.inf),
        (-1.0, 4.0, 5 / 4),
    ],
)
def test_relative_differences(before: float | None, after: float | None, expected: float) -> None:
    assert relative_difference(before, after) == expected
