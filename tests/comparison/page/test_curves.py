"""Curves as the page has them: places, means over seeds, and fewer points of long ones."""

import numpy as np
import pytest

from project.comparison.page import curves
from project.comparison.page.curves import Line, lines_of, mean_lines, pack


def logged(values: list[float], first: int = 1) -> dict[str, list[float]]:
    """A curve of two steps an epoch, a second each, as a journal has it."""
    steps = list(range(first, first + len(values)))
    epochs = [(step - 1) // 2 for step in steps]
    return {"step": steps, "epoch": epochs, "time": [100.0 + s for s in steps], "value": values}


def line(values: list[float], first: int = 1) -> dict[str, Line]:
    return lines_of({"loss": logged(values, first)}, began=100)


def test_a_point_has_its_step_epoch_and_time() -> None:
    packed = pack({"a": line([4.0, 3.0, 2.0, 1.0])})
    assert packed.axes == [
        {"step": [1, 2, 3, 4], "epoch": [0.5, 1, 1.5, 2], "time": [1, 2, 3, 4]},
    ]
    assert packed.curves == {"a": {"loss": {"axis": 0, "y": [4, 3, 2, 1], "points": 4, "odd": []}}}


def test_curves_with_the_same_places_share_them() -> None:
    packed = pack({"a": line([1, 2]), "b": line([3, 4]), "c": line([3, 4, 5])})
    assert [packed.curves[run]["loss"]["axis"] for run in "abc"] == [0, 0, 1]
    assert len(packed.axes) == 2


def test_what_is_not_finite_is_told_apart() -> None:
    packed = pack({"a": line([1, float("nan"), float("inf"), -float("inf")])})
    told = packed.curves["a"]["loss"]
    assert told["y"] == [1] and told["points"] == 4
    assert told["odd"] == [[2, 1, 2, "NaN"], [3, 1.5, 3, "∞"], [4, 2, 4, "−∞"]]


def test_a_group_is_the_mean_of_the_runs_that_got_there() -> None:
    # The second run ended after two steps, and had no finite value at the first.
    mean = mean_lines([line([1, 2, 6]), line([float("nan"), 4])])["loss"]
    assert mean.step.tolist() == [1, 2, 3]
    assert mean.value.tolist() == [1, (2 + 4) / 2, 6]
    assert mean.low is not None and mean.low.tolist() == [1, 2, 6]
    assert mean.high is not None and mean.high.tolist() == [1, 4, 6]


def test_long_curves_keep_extremes_and_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_BUCKETS", 50)
    values = np.random.default_rng(0).standard_normal(1000)
    packed = pack({"a": line(values.tolist()), "b": line([1.0, 2.0])})
    told = packed.curves["a"]["loss"]
    assert packed.cut == 1 and len(told["y"]) <= 102 and told["points"] == 1000
    assert min(told["y"]) == pytest.approx(values.min())
    assert max(told["y"]) == pytest.approx(values.max())
    # 50 stretches of 20 points, whose mean steps are 10.5, 30.5, ...
    np.testing.assert_allclose(told["mean"]["y"], values.reshape(50, 20).mean(1), rtol=1e-5)
    assert packed.axes[told["mean"]["axis"]]["step"] == [10.5 + 20 * i for i in range(50)]


def test_a_long_group_keeps_its_band(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_BUCKETS", 50)
    runs = np.random.default_rng(0).standard_normal((3, 1000))
    told = pack({"A": mean_lines([line(run.tolist()) for run in runs])}).curves["A"]["loss"]
    parts = runs.reshape(3, 50, 20)
    np.testing.assert_allclose(told["y"], parts.mean((0, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(told["low"], parts.min((0, 2)), rtol=1e-6)
    np.testing.assert_allclose(told["high"], parts.max((0, 2)), rtol=1e-6)


def test_all_curves_together_have_few_enough_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MOST_POINTS", 5000)
    lines = {str(run): line(np.arange(2000.0).tolist()) for run in range(10)}
    packed = pack(lines)
    points = [told["loss"] for told in packed.curves.values()]
    assert sum(len(told["y"]) + len(told["mean"]["y"]) for told in points) <= 5000
    assert packed.cut == 10 and min(len(told["y"]) for told in points) > 100
