"""Downsampling in the store, against numpy on all points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.server.compare import curves
from project.server.compare.axes import Axis
from project.server.compare.epochs import Epochs
from project.server.compare.visible import Run
from project.server.store.tables import fractions
from tests.server.compare.stores import STARTED, Store

STEPS = Axis("step", None, STARTED)
TIMES = Axis("time", None, STARTED)
HUGE = 1.7976931348623157e308  # MLflow's infinity


def read(store: Store, run: Run, axis: Axis = STEPS, low=None, high=None, buckets=20) -> dict:
    with store.database.read() as connection:
        return curves.read(connection, run, "loss", axis, low, high, buckets)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def points(values: np.ndarray, steps: np.ndarray | None = None) -> list:
    steps = np.arange(len(values)) if steps is None else steps
    return [
        (float(value), int(step), STARTED + 10 * i, False)
        for i, (value, step) in enumerate(zip(values, steps, strict=True))
    ]


def test_few_points_come_as_they_are(store: Store) -> None:
    run, values = store.add(), noise(40)
    store.log(run, "loss", points(values))
    found = read(store, run)
    assert found["x"] == list(range(40)) and found["y"] == values.tolist()
    assert found["mean"] is None and found["points"] == 40 and found["odd"] == []


@pytest.mark.parametrize("axis", [STEPS, TIMES])
def test_each_bucket_keeps_its_least_and_greatest_point(store: Store, axis: Axis) -> None:
    run, values = store.add(), noise(1000)
    store.log(run, "loss", points(values))
    found = read(store, run, axis)
    x = np.arange(1000) if axis is STEPS else np.arange(1000) / 100
    kept = dict(zip(found["x"], found["y"], strict=True))
    # 20 buckets of 999 steps: each begins at 999 * i // 20.
    starts = [999 * i // 20 for i in range(20)] + [1000]
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        bucket = values[start:end]
        for extreme in (bucket.argmin(), bucket.argmax()):
            assert kept[x[start + extreme]] == bucket[extreme]
    assert kept[x[0]] == values[0] and kept[x[-1]] == values[-1]
    assert len(found["x"]) <= 2 * 20 + 2 and found["x"] == sorted(found["x"])
    means = [values[start:end].mean() for start, end in zip(starts[:-1], starts[1:], strict=True)]
    np.testing.assert_allclose(found["mean"]["y"], means)
    assert found["points"] == 1000


def test_a_range_is_shown_in_full_detail_with_a_point_beyond(store: Store) -> None:
    run, values = store.add(), noise(1000)
    store.log(run, "loss", points(values))
    found = read(store, run, STEPS, 100.5, 120.5)
    assert found["x"] == list(range(100, 122)) and found["y"] == values[100:122].tolist()
    times = read(store, run, TIMES, 1.005, 1.205)
    assert times["x"] == [i / 100 for i in range(100, 122)]
    between = read(store, run, STEPS, 7.2, 7.4)
    assert between["x"] == [7, 8]
    wide = read(store, run, STEPS, 100, 900)
    inside = values[99:902]
    assert (min(wide["y"]), max(wide["y"])) == (inside.min(), inside.max())
    assert (wide["x"][0], wide["x"][-1], wide["points"]) == (99, 901, 803)


def test_points_that_are_not_finite_are_told_apart(store: Store) -> None:
    run, values = store.add(), noise(1000)
    logged = points(values)
    logged[10] = (0.0, 10, STARTED + 100, True)
    logged[500] = (HUGE, 500, STARTED + 5000, False)
    logged[999] = (-HUGE, 999, STARTED + 9990, False)
    store.log(run, "loss", logged)
    found = read(store, run)
    assert found["odd"] == [(10, "NaN"), (500, "∞"), (999, "−∞")]
    finite = np.delete(values, [10, 500, 999])
    assert (min(found["y"]), max(found["y"])) == (finite.min(), finite.max())
    few = read(store, run, STEPS, 495, 505)
    assert few["odd"] == [(500, "∞")] and 500 not in few["x"]


def test_a_curve_of_nothing_but_nan(store: Store) -> None:
    run = store.add()
    store.log(run, "loss", [(0.0, step, STARTED + step, True) for step in range(100)])
    found = read(store, run, buckets=10)
    assert found["x"] == [] and found["points"] == 100 and len(found["odd"]) == 100


def test_points_without_steps_are_taken_by_their_time(store: Store) -> None:
    run, values = store.add(), noise(500)
    store.log(run, "loss", points(values, np.zeros(500)))
    found = read(store, run, TIMES)
    assert (min(found["y"]), max(found["y"])) == (values.min(), values.max())
    assert len(found["x"]) <= 42 and found["x"][-1] == 4.99


def test_fractional_steps_are_exact(store: Store) -> None:
    run, values = store.add(), noise(300)
    store.log(run, "loss", points(values, np.arange(300) // 2))
    names = ("value", "step", "timestamp")
    rows = [
        dict(zip(names, (value, i / 2, STARTED + i), strict=True))
        | {"run_uuid": run.id, "key": "loss"}
        for i, value in enumerate(values.tolist())
    ]
    with store.database.write() as connection:
        connection.execute(fractions.insert(), rows)
    assert read(store, run, STEPS, 3, 4)["x"] == [2.5, 3, 3.5, 4, 4.5]
    found = read(store, run)
    assert found["x"][0] == 0 and found["x"][-1] == 149.5
    assert (min(found["y"]), max(found["y"])) == (values.min(), values.max())


def test_epochs_are_those_of_the_run(store: Store) -> None:
    run = store.add()
    store.log(run, "loss", points(noise(31)))
    axis = Axis("epoch", Epochs(np.array([0.0, 10.0]), np.array([0.0, 1.0])), STARTED)
    found = read(store, run, axis, 1, 2)
    np.testing.assert_allclose(found["x"], np.arange(9, 22) / 10)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200), st.integers(1, 30))
def test_reduced_keeps_extremes_and_ends(values: list[float], buckets: int) -> None:
    given_points = [(float(i), value) for i, value in enumerate(values)]
    found = curves.reduced(given_points, buckets)
    kept = [y for _, y in found.points]
    assert (min(kept), max(kept)) == (min(values), max(values))
    assert found.points[0] == given_points[0] and found.points[-1] == given_points[-1]
    assert len(found.points) <= 2 * buckets + 2 and found.count == len(values)
