"""What two trainings began with, and what else is named to explain a difference."""

from typing import Any

from project.reproduction.beginnings import start_differences
from project.reproduction.checks import explain
from project.reproduction.expected import Recorded
from tests.provenance.records import RECORD

A, B = "blake3:" + "a" * 64, "blake3:" + "b" * 64


def run(
    weights: str | None = None, status: str = "finished", error: str | None = None, **flags: Any
) -> Recorded:
    record = RECORD | {"flags": flags, "start": {"generators": {}, "weights": weights}}
    return Recorded("id", record, {"status": status, "error": error}, None, {})


def test_other_states_and_weights_are_named() -> None:
    then = {"generators": {"numpy": A, "torch": A, "python": A}, "weights": A}
    now = {"generators": {"numpy": B, "torch": A}, "weights": B}
    assert start_differences(then, now) == [
        "start: another state of numpy's generator after seeding",
        "start: weights aaaaaaaaaaaa -> bbbbbbbbbbbb",
    ]
    assert start_differences(then, then) == []
    # A record of version 1 says nothing of either.
    assert start_differences({"generators": {}, "weights": None}, now) == []


def test_where_the_same_weights_stand_explains_nothing() -> None:
    assert explain(run(A, checkpoint="a.pt"), run(A, checkpoint="/b/a.pt")) == []
    assert explain(run(A, checkpoint="a.pt"), run(B, checkpoint="/b/a.pt")) == [
        "flags: --checkpoint a.pt -> /b/a.pt",
        "start: weights aaaaaaaaaaaa -> bbbbbbbbbbbb",
    ]


def test_a_failure_that_does_not_come_again_is_named() -> None:
    failed = run(status="failed", error="no memory")
    assert explain(failed, run()) == ["status: failed (no memory) -> finished"]
    assert explain(failed, failed) == []
