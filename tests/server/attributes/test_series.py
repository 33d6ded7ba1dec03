"""Series: read in order and in pages, as sorting what was logged gives them."""

from __future__ import annotations

import random

import pytest
from starlette.testclient import TestClient

from tests.server.batches import CURVES, ROOT, TIME, Run, do, log, make_run, stepless


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_reads_back_as_it_was_logged(run: Run, name: str) -> None:
    curve = CURVES[name]
    for start in range(0, len(curve), 60):
        assert run.send(log("curve", *curve[start:][:60])) == []
    assert run.series("curve") == curve
    assert run.all() == {"curve": curve[-1][2]}


@pytest.mark.parametrize("name", CURVES)
def test_batches_out_of_order_give_the_same_curve(run: Run, name: str) -> None:
    curve, shuffler = CURVES[name], random.Random(0)
    batches = [curve[start::5] for start in range(5)]  # each reaches over all of the curve
    shuffler.shuffle(batches)
    for batch in batches:
        shuffler.shuffle(batch)
        assert run.send(log("curve", *batch)) == []
    assert run.series("curve") == sorted(curve)
    assert run.all() == {"curve": sorted(curve)[-1][2]}


@pytest.mark.parametrize("name", CURVES)
def test_pages_are_slices(run: Run, name: str) -> None:
    curve = CURVES[name]
    run.send(log("curve", *curve))
    for offset, limit in ((0, 1), (3, 10), (8, 5), (7, 0), (len(curve) - 1, 5), (len(curve), 5)):
        found = run.page("curve", offset=offset, limit=limit).json()
        end = offset + limit
        assert [v["value"] for v in found["values"]] == [p[2] for p in curve[offset:end]]
        assert found["totalItemCount"] == len(curve)


@pytest.mark.parametrize(
    "page", [{"limit": -1}, {"offset": -1}, {"offset": 2**63}, {"limit": "many"}]
)
def test_a_page_that_can_not_be_is_refused(run: Run, page: dict) -> None:
    run.send(stepless("curve", 1.0))
    assert run.page("curve", **page).status_code == 400


def test_a_series_of_another_type_is_refused(run: Run) -> None:
    run.send(stepless("curve", 1.0))
    assert run.page("curve", "string").status_code == 400
    assert run.page("nothing").status_code == 404


def test_points_without_a_step_get_the_next_one(run: Run) -> None:
    run.send(stepless("curve", 1.0, 2.0))
    run.send(log("curve", (10, TIME + 5, 3.0), (None, TIME + 6, 4.0), (3, TIME + 7, 5.0)))
    run.send(stepless("curve", 6.0, at=TIME + 8))
    expected = [(0, 1.0), (1, 2.0), (3, 5.0), (10, 3.0), (11, 4.0), (12, 6.0)]
    assert [(step, value) for step, _, value in run.series("curve")] == expected
    run.send(log("curve", (12.5, TIME + 9, 7.0)), stepless("curve", 8.0, at=TIME + 10))
    assert [step for step, _, _ in run.series("curve")] == [0, 1, 3, 10, 11, 12, 12.5, 13.5]


def test_a_cleared_series_begins_again(run: Run) -> None:
    for path, name in (("whole", None), ("fractional", 0.5)):
        run.send(log(path, (name, TIME, 1.0), (None, TIME + 1, 2.0)))
        run.send(do(path, "clearFloatSeries"))
        assert run.series(path) == []
        run.send(stepless(path, 3.0, at=TIME + 2))
        assert run.series(path) == [(0, TIME + 2, 3.0)]


def test_identical_points_are_one_and_points_that_differ_at_all_are_not(run: Run) -> None:
    points = [(1, TIME, 0.5), (1, TIME, 0.5), (1, TIME + 1, 0.5), (1, TIME, 0.25), (2, TIME, 0.5)]
    run.send(log("curve", *points))
    assert sorted(run.series("curve")) == sorted(set(points))


def test_a_whole_and_a_fractional_step_at_one_time_with_one_value_stay_two(run: Run) -> None:
    points = [(step, TIME, 0.5) for step in (1, 1.25, 1.5, 2)]  # MLflow holds two of them
    run.send(log("curve", *points[:1]))
    run.send(log("curve", *points[1:]))
    run.send(log("curve", *points))
    assert run.series("curve") == points


@pytest.mark.parametrize("last", [2, 2.5], ids=["whole", "fractional"])
def test_a_zero_keeps_its_sign(run: Run, last: float) -> None:
    curve = [(0, TIME, -0.0), (1, TIME, 0.0), (1, TIME + 1, -0.0), (last, TIME, -0.0)]
    for _ in range(2):  # as one that is sent again
        assert run.send(log("curve", *curve)) == []
    assert run.series("curve") == curve
    assert [repr(v) for *_, v in run.series("curve")] == ["-0.0", "0.0", "-0.0", "-0.0"]
    assert repr(run.all()) == repr({"curve": -0.0})
    search = {"projectIdentifier": "local/runs", "type": "run"}
    columns = {"attributeFilters": [{"path": "curve"}]}
    found = run.client.post(f"{ROOT}/leaderboard/entries/search", params=search, json=columns)
    mine = next(e for e in found.json()["entries"] if e["experimentId"] == run.id)
    assert repr(mine["attributes"][0]["floatSeriesProperties"]["last"]) == "-0.0"
    # Neither the last one nor a point that comes anew has the sign of what was there.
    run.send(log("curve", (9, TIME, 0.0)))
    assert repr(run.all()) == repr({"curve": 0.0})
    run.send(do("curve", "clearFloatSeries"), log("curve", (0, TIME, 0.0)))
    assert [repr(v) for *_, v in run.series("curve")] == ["0.0"]


def test_how_a_curve_is_drawn_does_not_touch_its_points(run: Run) -> None:
    run.send(do("curve", "configFloatSeries", min=0, max=1.5, unit="m"), stepless("curve", 1.0))
    run.send(do("curve", "configFloatSeries"))
    assert run.series("curve") == [(0, TIME, 1.0)]
    run.send(do("empty", "configFloatSeries", unit="s"))
    assert run.series("empty") == []


LINES = [(s, TIME + s, f"line {s}\n\tä") for s in range(50)]


def test_lines_read_back_as_they_were_logged(run: Run) -> None:
    for start in range(0, 50, 20):
        run.send(log("log", *LINES[start:][:20], name="logStrings"))
    assert run.series("log", "string") == LINES
    assert run.page("log", "string", offset=48, limit=5).json()["totalItemCount"] == 50
    page = run.page("log", "string", offset=48, limit=5).json()["values"]
    assert [value["value"] for value in page] == [LINES[48][2], LINES[49][2]]


def test_lines_out_of_order_are_sorted_by_step_and_then_as_they_came(run: Run) -> None:
    run.send(log("log", *LINES[30:], (0.5, TIME, "between"), name="logStrings"))
    run.send(log("log", *LINES[:30], (0.5, TIME - 1, "later"), name="logStrings"))
    expected = [LINES[0], (0.5, TIME, "between"), (0.5, TIME - 1, "later"), *LINES[1:]]
    assert run.series("log", "string") == expected
    assert run.all() == {"log": LINES[-1][2]}
    page = run.page("log", "string", offset=2, limit=2).json()["values"]
    assert [value["value"] for value in page] == ["later", LINES[1][2]]


def test_equal_lines_at_one_step_are_all_kept(run: Run) -> None:
    run.send(log("log", *[(1, TIME, "same")] * 3, name="logStrings"))
    assert run.series("log", "string") == [(1, TIME, "same")] * 3
