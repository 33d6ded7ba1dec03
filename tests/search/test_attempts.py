"""Attempts: the same run as by hand, killed and resumed too; they end as their supervisor says."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from project import verify
from project.files import read_json
from project.run_directory import CHECKPOINTS, OUTCOME, RECORD, last
from project.search.attempts.attempt import Attempt
from project.search.attempts.origin import Origin
from project.search.attempts.results import read_result
from project.search.membership import Membership
from project.search.values import COMPLETE, FAILED, TRIAL, WAITING, Job, Objective, Rules
from tests import forks
from tests.search.origins import forked

FLAGS = "--model mlp --hidden-dim 16 --max-epochs 3 --tracker none --accelerator cpu --seed 3"
FLAGS += " --exp-name tried --without progress reports predictions test"
RULES = Rules("random", "none", 0, 1, 1, (Objective("val_accuracy", "max"),), max_epochs=3)


def is_over(attempt: Attempt, origin: Origin) -> int:
    while attempt.poll() is None:
        origin.wait(600)
    return attempt.code


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    """One that is itself a fork, of the process that has all imported for the tests."""
    with forked(), Origin(1, FLAGS.split()) as found:
        assert found.data()["counts"]["test"]["total"] == 359
        yield found


@pytest.fixture
def start(origin: Origin, tmp_path: Path):
    """Starts trial 7 with these flags besides, as many an attempt as is asked for."""

    def start(*more: str, flags: Sequence[str] = FLAGS.split()) -> Attempt:
        job = Job(TRIAL, 7, {}, {}, 1, None, "token")
        member = Membership("tried", "f00d", TRIAL, 7, RULES)
        argv = [*flags, "--exp-dir", str(tmp_path), *more]
        return origin.start(job, argv, member, tmp_path / "log")

    return start


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The outcome of the same flags as a person gives them, with as many threads."""
    folder = tmp_path_factory.mktemp("by_hand")
    argv = ["-m", "project.run", *FLAGS.split(), "--exp-dir", folder]
    done = forks.completed(argv, os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob(f"tried/*/{OUTCOME}")
    return read_json(path)


def test_an_attempt_is_the_run_that_a_person_gets_and_says_whose_it_is(
    start, origin: Origin, by_hand: dict[str, Any]
) -> None:
    attempt = start()
    assert is_over(attempt, origin) == 0
    outcome, record = (read_json(attempt.run / name) for name in (OUTCOME, RECORD))
    assert outcome["weights"] == by_hand["weights"]
    assert outcome["best"] == by_hand["best"]
    assert record["sweep"] == {"name": "tried", "id": "f00d", "kind": "trial", "number": 7}
    assert record["environment"]["torch"]["threads"] == 1
    assert record["flags"]["tracker"] == ["none"]
    assert verify.examine(attempt.run).faults == []
    result = read_result(attempt.run, RULES, attempt.code)
    best = by_hand["best"]["metrics"]["val_accuracy"]
    assert (result.state, result.scores, result.run) == (COMPLETE, (best,), attempt.run.name)
    assert sorted(result.intermediate) == [1, 2, 3]
    assert result.intermediate[by_hand["best"]["epoch"] + 1] == best
    assert attempt.cpu_seconds > 0


def test_one_that_was_killed_is_resumed_and_comes_to_the_same(
    start, origin: Origin, by_hand: dict[str, Any], tmp_path: Path
) -> None:
    killing = "tests.search.killing_itself:AfterTwoEpochs"
    killed = start("--checkpoint-every", "0", "--callback", killing)
    assert is_over(killed, origin) == -signal.SIGKILL
    result = read_result(killed.run, RULES, killed.code)
    assert (result.state, result.reason) == (WAITING, "killed by SIGKILL")
    again = start(flags=["--resume", killed.run.name, "--tracker", "none"])
    assert is_over(again, origin) == 0, (tmp_path / "log").read_text()
    assert "goes on" not in (tmp_path / "log").read_text()
    assert again.run == killed.run
    outcome = read_json(again.run / OUTCOME)
    assert outcome["weights"] == by_hand["weights"]
    assert outcome["best"] == by_hand["best"]
    assert read_result(again.run, RULES, 0).state == COMPLETE


def test_an_attempt_dies_with_its_supervisor_and_ends_in_order_if_it_is_told(
    start, origin: Origin
) -> None:
    endless = "--max-epochs", "1000000", "--callback", "tests.search.killing_itself:Steps"
    orphan, told = start(*endless), start(*endless)
    while not (orphan.run and told.run and (told.run / CHECKPOINTS / "steps").exists()):
        origin.wait(0.05)
    orphan._cut()  # as the system does for a supervisor that is killed
    told.interrupt()
    assert is_over(orphan, origin) == -signal.SIGKILL
    assert is_over(told, origin) == 128 + signal.SIGTERM
    assert read_result(told.run, RULES, told.code).state == WAITING
    assert read_json(told.run / OUTCOME)["status"] == "interrupted"
    assert last(told.run).exists()


def test_what_is_refused_before_there_is_a_run_is_a_failure(
    start, origin: Origin, tmp_path: Path
) -> None:
    attempt = start("--model", "no-such-model")
    assert is_over(attempt, origin) == 2
    assert attempt.run is None
    assert "no-such-model" in (tmp_path / "log").read_text()
    assert read_result(None, RULES, 2).state == FAILED
    assert read_result(None, RULES, None).state == WAITING


def test_another_origin_takes_the_place_of_one_that_was_killed(start, origin: Origin) -> None:
    """Its attempts go on: whether they came to an end, their runs tell."""
    first = start("--max-epochs", "1000000")
    while first.run is None:
        origin.wait(600)
    os.kill(origin._process.pid, signal.SIGKILL)
    origin._process.wait()
    second = start()
    assert is_over(second, origin) == 0
    assert first.poll() is None
    first.kill()
    assert is_over(first, origin) == -signal.SIGKILL


def test_a_membership_travels_as_json() -> None:
    member = Membership("tried", "f00d", TRIAL, 7, RULES, {"width": 8, "rate": 0.1}, arm="default")
    assert Membership.from_json(json.loads(json.dumps(member.to_json()))) == member
