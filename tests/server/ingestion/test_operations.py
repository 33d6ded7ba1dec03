"""executeOperations: each operation, in order; what is wrong with one doesn't harm the others."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from project.server.api import operation
from tests.server.batches import ROOT, TIME, Run, do, log, make_run, stepless


def nested(depth: int) -> list:
    """A list in a list in a list ..."""
    return [nested(depth - 1)] if depth else []


LONG = "a word\n" * 200_000


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def test_every_kind_of_value_is_read_as_it_was_written(run: Run) -> None:
    assigned = {
        "i": ("assignInt", -(2**63)),
        "f": ("assignFloat", 5e-324),
        "b": ("assignBool", False),
        "s": ("assignString", LONG),
        "empty": ("assignString", ""),
        "umlaut/ä b@c#d": ("assignString", "\U0001f600 %s ' \" \\"),
    }
    batch = [do(path, name, value=value) for path, (name, value) in assigned.items()]
    batch += [
        do("d", "assignDatetime", valueMilliseconds=TIME),
        do("a", "assignArtifact", hash="e"),
    ]
    assert run.send(*batch) == []
    expected = {path: value for path, (_, value) in assigned.items()}
    assert run.all() == {**expected, "d": "2023-11-14T22:13:20.000Z", "a": "e"}


def test_operations_are_applied_in_their_order(run: Run) -> None:
    batch = [
        do("x", "assignInt", value=1),
        do("x", "deleteAttribute"),
        do("x", "assignString", value="2"),
        do("x", "assignString", value="3"),
        stepless("curve", 1.0, 2.0),
        do("curve", "clearFloatSeries"),
        stepless("curve", 3.0, at=TIME + 10),
        stepless("curve", 4.0, at=TIME + 20),
        stepless("log", "a", name="logStrings"),
        do("log", "clearStringSeries"),
        stepless("gone", 5.0),
        do("gone", "deleteAttribute"),
    ]
    assert run.send(*batch) == []
    assert run.all() == {"x": "3", "curve": 4.0, "log": None}
    assert run.series("curve") == [(0, TIME + 10, 3.0), (1, TIME + 20, 4.0)]
    assert run.series("log", "string") == []


def test_what_conflicts_is_answered_and_the_rest_applies(run: Run) -> None:
    assert run.send(do("x", "assignInt", value=1), stepless("curve", 1.0)) == []
    batch = [
        do("before", "assignInt", value=2),
        do("x", "assignString", value="no"),
        stepless("x", 1.0),
        do("x", "clearFloatSeries"),
        do("curve", "assignFloat", value=1.0),
        stepless("curve", "no", name="logStrings"),
        do("x", "configFloatSeries", min=0),
        do("after", "assignInt", value=3),
    ]
    answer = run.post(batch).json()
    assert [error["errorType"] for error in answer] == ["metadata_inconsistency"] * 6
    assert answer[0]["errorDescription"] == "x is of type int, not string"
    assert run.all() == {"x": 1, "curve": 1.0, "before": 2, "after": 3}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-inf", None])
def test_a_number_that_json_has_not_is_an_error_of_its_own(run: Run, value: str | None) -> None:
    points = log("curve", (0, TIME, 1.0), (1, TIME, value), (2, TIME, 3.0), ("NaN", TIME, 4.0))
    assert run.send(do("x", "assignFloat", value=value), points) == [
        "assignFloatValueError",
        "logSeriesValueError",
        "logSeriesValueError",
    ]
    assert run.all() == {"curve": 3.0}
    assert run.series("curve") == [(0, TIME, 1.0), (2, TIME, 3.0)]


@pytest.mark.parametrize(
    "wrong",
    [
        do("", "assignInt", value=1),
        do("ä" * 513, "assignInt", value=1),  # 1,026 bytes
        do("a\0b", "assignInt", value=1),
        do("sys/id", "assignString", value="RUN-2"),
        do("sys/state", "deleteAttribute"),
        do("x", "assignInt", value=2**63),
        do("x", "assignInt", value=2**64),
        do("x", "assignString", value="a\0b"),
        do("x", "assignDatetime", valueMilliseconds=10**16),
        do("x", "assignArtifact", hash="a" * 65),
        do("x", "insertStrings", values=["only sys/tags has strings"]),
        log("x", (0, 2**63, "late"), name="logStrings"),
    ],
)
def test_what_no_attribute_can_hold_is_answered(run: Run, wrong: dict) -> None:
    (error,) = run.send(wrong, do("y", "assignInt", value=1))
    assert error in ("metadata_inconsistency", "logSeriesValueError")
    assert run.all() | {"x": None} == {"x": None, "y": 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        "text",
        ["text"],
        [{"assignInt": {"value": 1}}],
        [{"path": 1, "assignInt": {"value": 1}}],
        [{"path": "x"}],
        [{"path": "x", "assignInt": {"value": 1}, "assignFloat": {"value": 1}}],
        [{"path": "x", "assignInt": 1}],
        [do("x", "assignNothing", value=1)],
        [do("x", "assignInt", value="1")],
        [do("x", "assignInt", value=True)],
        [do("x", "assignInt")],
        [do("x", "assignFloat", value=[])],
        [do("x", "assignBool", value=0)],
        [do("x", "assignString", value=1)],
        [do("x", "assignDatetime", valueMilliseconds="now")],
        [do("x", "logFloats")],
        [do("x", "logFloats", entries={})],
        [do("x", "logFloats", entries=[1])],
        [do("x", "logFloats", entries=[{"value": 1}])],
        [do("x", "logStrings", entries=[{"value": 1, "timestampMilliseconds": 1}])],
        [do("x", "logImages", entries=[{"value": "", "timestampMilliseconds": 1}])],
        [do("x", "configFloatSeries", unit=1)],
        [do("sys/tags", "insertStrings", values="tag")],
        [do("x", "deleteFiles", filePaths=[1])],
        [do("x", "logFloats", entries=[], besides=nested(300))],
    ],
)
def test_a_malformed_body_is_refused_and_changes_nothing(run: Run, body: object) -> None:
    right = do("y", "assignInt", value=1)
    answer = run.post([right, *body] if type(body) is list else body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "BAD_REQUEST")
    assert run.all() == {}


def test_a_giant_body_and_one_that_is_no_json_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, params = f"{ROOT}/attributes/operations", {"experimentId": run.id}
    for text in (b"[", b'[{"path": "x", "assignFloat": {"value": NaN}}]', b"\xff", b'"\\ud800"'):
        assert run.client.post(where, params=params, content=text).status_code == 400
    monkeypatch.setattr(operation, "MAX_BODY", 1000)
    assert run.post([do("x", "assignString", value="x" * 1000)]).status_code == 413
    assert run.all() == {}


def test_an_unknown_run_is_not_found(run: Run) -> None:
    answer = Run(run.client, "nobody").post([])
    assert (answer.status_code, answer.json()["errorType"]) == (404, "EXPERIMENT_NOT_FOUND")


def test_a_set_takes_each_string_once(run: Run) -> None:
    tags = "sys/tags"
    run.send(
        do(tags, "insertStrings", values=["b", "a", "b"]),
        do(tags, "insertStrings", values=["a", "c"]),
        do(tags, "removeStrings", values=["b", "never there"]),
    )
    where = f"{ROOT}/attributes/stringSets"
    params = {"attribute": tags, "experimentId": run.id}
    assert run.client.get(where, params=params).json()["values"] == ["a", "c"]
    run.send(do(tags, "clearStringSet"))
    assert run.client.get(where, params=params).json()["values"] == []


def test_a_batch_may_have_thousands_of_attributes(run: Run) -> None:
    batch = [do(f"many/{i}", "assignInt", value=i) for i in range(3000)]
    assert run.send(*batch) == []
    assert run.all() == {f"many/{i}": i for i in range(3000)}
    assert run.send(*(do(f"many/{i}", "deleteAttribute") for i in range(3000))) == []
    assert run.all() == {}


def test_what_is_not_there_can_be_cleared_and_deleted(run: Run) -> None:
    names = ("clearFloatSeries", "clearStringSeries", "clearImageSeries", "clearArtifact")
    batch = [do("x", name) for name in (*names, "deleteAttribute")]
    assert run.send(*batch, do("x", "deleteFiles", filePaths=["y"])) == []
    assert run.all() == {}
