"""Exactly once: what comes again, whole or cut otherwise, changes nothing, and nothing is lost."""

from __future__ import annotations

import threading

import pytest
from starlette.testclient import TestClient

from tests.server.batches import TIME, Run, do, log, make_run, stepless

VALUES = [i / 7 for i in range(60)]
LINES = [f"line {i}" for i in range(60)]


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def piece(start: int, end: int, constant: bool = False) -> list[dict]:
    """A batch of points and lines without steps, as the client cuts them out of its queue."""
    values = [0.5] * len(VALUES) if constant else VALUES
    return [
        stepless("curve", *values[start:end], at=TIME + start),
        stepless("log", *LINES[start:end], at=TIME + start, name="logStrings"),
    ]


def read(run: Run) -> tuple[list[tuple[float, float]], list[tuple[float, str]]]:
    """Step and value of the curve and of the log."""
    curve, lines = run.series("curve"), run.series("log", "string")
    return [(s, v) for s, _, v in curve], [(s, v) for s, _, v in lines]


EXPECTED = (list(enumerate(VALUES)), list(enumerate(LINES)))


def test_a_batch_sent_again_changes_nothing(run: Run) -> None:
    batches = [piece(0, 20), piece(20, 40), piece(40, 60)]
    for batch in (batches[0], batches[0], *batches[1:], batches[1], batches[0], batches[2]):
        assert run.send(*batch) == []
    assert read(run) == EXPECTED


def test_a_batch_sent_again_gets_the_same_answer(run: Run) -> None:
    run.send(do("x", "assignInt", value=1))
    batch = [stepless("x", 1.0), log("curve", (0, TIME, 1.0), (1, TIME, "NaN"))]
    first = run.post(batch).json()
    assert len(first) == 2
    run.send(do("x", "deleteAttribute"))
    assert run.post(batch).json() == first


@pytest.mark.parametrize(
    "cuts",
    [
        [(0, 20), (20, 40), (20, 60)],  # killed before the answer; more had been logged
        [(0, 20), (20, 40), (20, 30), (30, 60)],  # the new batches are smaller
        [(0, 20), (20, 40), (20, 30), (30, 35), (35, 55), (55, 60)],
        [(0, 20), (20, 40), (0, 60)],  # and so is what was acknowledged
        [(0, 20), (20, 40), (40, 60), (0, 30), (30, 60)],
        [(0, 60), (0, 1), (1, 59), (59, 60)],
    ],
)
@pytest.mark.parametrize("constant", [False, True])
def test_a_client_that_cuts_its_queue_otherwise_sends_nothing_twice(
    run: Run, cuts: list[tuple[int, int]], constant: bool
) -> None:
    for start, end in cuts:
        assert run.send(*piece(start, end, constant)) == []
    values = [0.5] * 60 if constant else VALUES
    assert read(run) == (list(enumerate(values)), EXPECTED[1])


def test_equal_points_of_one_moment_are_not_taken_for_sent_again(run: Run) -> None:
    """A fast loop: each batch ends, and the next one begins, in the same millisecond."""
    run.send(log("curve", *[(None, TIME, 1.0)] * 3, *[(None, TIME + 1, 1.0)] * 2))
    run.send(log("curve", *[(None, TIME + 1, 1.0)] * 3, *[(None, TIME + 2, 1.0)] * 2))
    run.send(log("curve", *[(None, TIME + 2, 1.0)] * 3))
    assert [step for step, _, _ in run.series("curve")] == list(range(13))


def test_points_with_steps_are_the_same_whatever_batch_they_are_in(run: Run) -> None:
    points = [(s, TIME + s, v) for s, v in enumerate(VALUES)]
    for start, end in ((40, 60), (0, 20), (10, 50), (0, 60), (59, 60)):
        assert run.send(log("curve", *points[start:end])) == []
        lines = ((s, t, str(v)) for s, t, v in points[start:end])
        assert run.send(log("log", *lines, name="logStrings")) == []
    assert run.series("curve") == points
    assert run.series("log", "string") == [(s, t, str(v)) for s, t, v in points]


def test_a_value_set_back_is_not_a_batch_sent_again(run: Run) -> None:
    for value in (1, 2, 1):
        run.send(do("x", "assignInt", value=value), do("sys/tags", "insertStrings", values=["a"]))
        assert run.all() == {"x": value}


def test_a_clock_set_back_loses_nothing(run: Run) -> None:
    batches = [stepless("curve", 1.0, 2.0, at=TIME - i * 10**6) for i in range(5)]
    for batch in batches:
        assert run.send(batch) == []
        assert run.send(batch) == []
    assert [(s, v) for s, _, v in run.series("curve")] == list(enumerate([1.0, 2.0] * 5))


def test_after_a_series_is_cleared_its_former_batches_are_new(run: Run) -> None:
    run.send(stepless("curve", 1.0, 2.0))
    run.send(do("curve", "clearFloatSeries"), stepless("curve", 3.0, at=TIME + 5))
    run.send(do("curve", "clearFloatSeries"), stepless("curve", 3.0, 4.0, at=TIME + 5))
    assert [(s, v) for s, _, v in run.series("curve")] == [(0, 3.0), (1, 4.0)]


def test_several_clients_at_once_write_each_point_once(run: Run) -> None:
    """Each sends each of its batches twice, from two threads."""

    def client(number: int) -> None:
        for start in range(0, 60, 6):
            points = [stepless(f"{number}", *VALUES[start:][:6], at=TIME + start)]
            together = [stepless("together", *VALUES[start:][:6], at=TIME + start + number)]
            run.send(*points, *together)

    threads = [threading.Thread(target=client, args=(i // 2,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert [(s, v) for s, _, v in run.series(f"{number}")] == EXPECTED[0]
    together = run.series("together")
    assert [s for s, _, _ in together] == list(range(240))
    assert sorted(v for _, _, v in together) == sorted(VALUES * 4)


def test_a_constant_logged_by_the_thousand_is_told_from_a_batch_sent_again(run: Run) -> None:
    """`extend([0.5] * 200_000)` has one time, and is cut into batches that are all alike."""
    batch = [log("curve", *[(None, TIME, 0.5)] * 1000)]
    batch += [log("log", *[(None, TIME, "same")] * 1000, name="logStrings")]
    half = [log("curve", *[(None, TIME, 0.5)] * 1500)]
    for content in (batch, batch, half):
        assert run.send(*content) == []
    # After the server, or the connection, was gone before the answer.
    again = TestClient(run.client.app, client=("testclient", 50001))
    assert Run(again, run.id).send(*half) == []
    assert run.page("curve").json()["totalItemCount"] == 3500
    assert run.page("log", "string").json()["totalItemCount"] == 2000
