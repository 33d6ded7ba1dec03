"""Attempts: the same run as by hand, killed and resumed too; they end as their supervisor says."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from project import verify
from project.cli.flags import parse as parse_flags
from project.comparison.loading import load
from project.comparison.values import known_names, values_of
from project.comparison.where import parse
from project.files import read_json
from project.hyperparameters import Hyperparameters
from project.plan import make_plan
from project.provenance import runs_csv
from project.provenance.recorded_flags import resumed
from project.provenance.run import status
from project.run_directory import CHECKPOINTS, OUTCOME, RECORD, last
from project.search.attempts.attempt import Attempt
from project.search.attempts.giving_up import GiveUp, giving_up
from project.search.attempts.origin import Origin
from project.search.attempts.results import read_result
from project.search.membership import Membership
from project.search.values import (
    COMPLETE,
    FAILED,
    PRUNED,
    TRIAL,
    WAITING,
    Job,
    Objective,
    Rules,
    Trial,
)
from project.training.state import Position
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

    def start(
        *more: str, flags: Sequence[str] = FLAGS.split(), rules: Rules = RULES, history: Any = ()
    ) -> Attempt:
        job = Job(TRIAL, 7, {}, {}, 1, None, "token")
        member = Membership("tried", "f00d", TRIAL, 7, rules, {}, history)
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
    return read_json(path) | {"sources": read_json(path.with_name(RECORD))["sources"]}


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
    # And those of the process that forks.
    assert by_hand["sources"].items() <= record["sources"].items()
    assert "project/run.py" in by_hand["sources"]
    assert record["flags"]["tracker"] == ["none"]
    assert verify.examine(attempt.run).faults == []
    result = read_result(attempt.run, RULES, attempt.code)
    best = by_hand["best"]["metrics"]["val_accuracy"]
    assert (result.state, result.scores, result.run) == (COMPLETE, (best,), attempt.run.name)
    assert sorted(result.intermediate) == [1, 2, 3]
    assert result.intermediate[by_hand["best"]["epoch"] + 1] == best
    assert attempt.cpu_seconds > 0


@pytest.mark.parametrize("member, services", [(None, 1), ("a sweep's", 0)])
def test_trials_send_no_messages(
    member: Any, services: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person would get forty; their flags may name services all the same."""
    monkeypatch.setattr("project.search.membership._own", [member] if member else [])
    argv = ["--exp-dir", str(tmp_path), "--tracker", "none", "--notify", "json://localhost"]
    assert len(make_plan(parse_flags(argv)).services) == services


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


def test_a_hopeless_trial_is_a_run_that_was_pruned(start, origin: Origin, tmp_path: Path) -> None:
    """Beside six that were right from the first epoch on, it has nothing to hope for."""
    rules = replace(RULES, pruner="median", max_epochs=6)
    scores = dict.fromkeys(range(1, 7), 1.0)
    history = [Trial(n, {"learning_rate": 0.01}, COMPLETE, (1.0,), {}, scores) for n in range(6)]
    attempt = start("--max-epochs", "6", rules=rules, history=history)
    assert is_over(attempt, origin) == 0, (tmp_path / "log").read_text()
    result, outcome = read_result(attempt.run, rules, 0), read_json(attempt.run / OUTCOME)
    # The median has a say after a fifth of the epochs: 2.
    seen = result.intermediate
    assert (result.state, sorted(seen), result.scores) == (PRUNED, [1, 2], (seen[2],))
    assert outcome["status"] == status(attempt.run) == "pruned"
    assert outcome["epochs"] == 2 and outcome["best"]["epoch"] in (0, 1)
    assert result.reason == outcome["error"]
    assert result.reason.startswith("after epoch 2: val_accuracy 0.")
    assert "\npruned after epoch 2: val_accuracy 0." in (tmp_path / "log").read_text()
    assert verify.examine(attempt.run).faults == []
    row = runs_csv.read(tmp_path)[-1]
    assert (row["status"], row["sweep_number"], row["sweep_kind"]) == ("pruned", "7", "trial")
    values = values_of(load(attempt.run), datetime.now(UTC))
    fits = parse("sweep.number == 7 and status == pruned", known_names([values]))
    assert fits(values)
    with pytest.raises(ValueError, match="can't be resumed: it is pruned; a new run goes on from"):
        resumed(attempt.run, Hyperparameters(), {}, True)


class Judged:
    """A pruner that has had enough after an epoch, and notes what it is asked."""

    def __init__(self, enough: int) -> None:
        self.enough, self.asked = enough, list[tuple[int, float]]()

    def should_prune(self, epoch: int, value: float) -> bool:
        self.asked.append((epoch, value))
        return epoch >= self.enough


def test_a_resumed_trial_is_given_up_where_it_would_have_been(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    told = [(0, 10, 0.5), (1, 20, 0.4), (2, 30, 0.3)]
    lines = [
        {"time": 0.0, "step": step, "epoch": epoch, "metrics": {"val_accuracy": value}}
        for epoch, step, value in told
    ]
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    going, over = Judged(4), Judged(2)
    # Two epochs are behind the checkpoint; what the journal has of the third comes again.
    for judge in (going, over):
        callback = GiveUp(judge, "val_accuracy")
        callback.hear(journal, 2)
        assert (callback.reason is not None) == (judge is over)
        assert judge.asked == [(1, 0.5), (2, 0.4)]


@pytest.mark.parametrize(
    "value, why", [(0.25, "0.25 is behind other trials'"), (math.nan, "is no number")]
)
def test_a_trial_is_given_up_but_not_after_the_epoch_that_ends_it(value: float, why: str) -> None:
    """Whatever ends it: its epochs, or its steps."""
    callback = GiveUp(Judged(1), "val_accuracy")
    trainer = SimpleNamespace(current_epoch=2, should_stop=False)
    solver = SimpleNamespace(step=30, total_steps=30, scores={"val_accuracy": value})
    callback.on_validation_end(trainer, solver)
    assert callback.reason is None and not trainer.should_stop
    solver.total_steps = 31
    callback.on_validation_end(trainer, solver)
    assert callback.reason == f"after epoch 3: val_accuracy {why}" and trainer.should_stop


@pytest.mark.parametrize("total, epochs", [(30, 2), (31, 3), (50, 3)])
def test_a_resumed_trial_that_had_trained_to_its_end_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, epochs: int
) -> None:
    """Three epochs of ten steps are behind it; only where others were to come the third counts."""
    heard: list[int] = []
    monkeypatch.setattr(GiveUp, "hear", lambda self, journal, epochs: heard.append(epochs))
    member = Membership("tried", "f00d", TRIAL, 7, replace(RULES, pruner="median"))
    giving_up(member, tmp_path, Position(3, 30, 0, True), total)
    assert heard == [epochs]


def test_a_membership_travels_as_json() -> None:
    rules = replace(RULES, pruner="median")
    history = (Trial(0, {"width": 8}, COMPLETE, (0.5,), {}, {1: 0.4, 2: 0.5}),)
    values = {"width": 8, "rate": 0.1}
    member = Membership("tried", "f00d", TRIAL, 7, rules, values, history, "default")
    assert Membership.from_json(json.loads(json.dumps(member.to_json()))) == member


@pytest.mark.nightly
def test_gpus_are_taken_in_turn_by_attempts_that_are_started_anew(
    by_hand: dict[str, Any], tmp_path: Path
) -> None:
    """Which compute on the CPU here, where there are none, and are no forks."""
    jobs = [Job(TRIAL, number, {}, {}, 1, None, "token") for number in range(2)]
    argv = [*FLAGS.split(), "--exp-dir", str(tmp_path)]
    with Origin(1, FLAGS.split(), gpus=("3", "5")) as origin:
        attempts = [
            origin.start(
                job, argv, Membership("tried", "f00d", TRIAL, job.number, RULES), tmp_path / "log"
            )
            for job in jobs
        ]
        assert [attempt.gpu for attempt in attempts] == ["3", "5"]
        for attempt in attempts:
            assert is_over(attempt, origin) == 0, (tmp_path / "log").read_text()
    for attempt in attempts:
        record = read_json(attempt.run / RECORD)
        assert record["environment"]["variables"]["CUDA_VISIBLE_DEVICES"] == attempt.gpu
        assert record["sweep"]["number"] == attempt.job.number
        assert read_json(attempt.run / OUTCOME)["weights"] == by_hand["weights"]
        assert attempt.cpu_seconds > 0


@pytest.mark.nightly
def test_two_threads_in_a_fork_give_what_two_threads_by_hand_give(tmp_path: Path) -> None:
    """Though data of their size are copied by two threads, too, when they are loaded."""
    flags = "--model cnn --width 8 --max-epochs 1 --data synthetic --synthetic-samples 9000"
    flags += " --synthetic-shape 3 16 16 --tracker none --accelerator cpu --exp-name tried"
    flags += " --without progress reports predictions test"
    argv = [*flags.split(), "--exp-dir", str(tmp_path / "fork")]
    (tmp_path / "fork").mkdir()
    member = Membership("tried", "f00d", TRIAL, 0, RULES)
    with Origin(2, flags.split()) as origin:
        assert origin.data()["name"] == "synthetic"
        job = Job(TRIAL, 0, {}, {}, 1, None, "token")
        attempt = origin.start(job, argv, member, tmp_path / "log")
        assert is_over(attempt, origin) == 0, (tmp_path / "log").read_text()
    own = ["-m", "project.run", *flags.split(), "--exp-dir", tmp_path / "hand"]
    command = [sys.executable, *map(str, own)]
    subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "2"}, check=True, cwd=forks.ROOT)
    (by_hand,) = (tmp_path / "hand").glob(f"tried/*/{OUTCOME}")
    assert read_json(attempt.run / OUTCOME)["weights"] == read_json(by_hand)["weights"]
    assert read_json(attempt.run / RECORD)["environment"]["torch"]["threads"] == 2
