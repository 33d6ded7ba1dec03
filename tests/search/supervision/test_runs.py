"""A job as a run: what a former attempt has left is gone on with, taken as it is, or begun anew."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from project.cli.flags import parse
from project.run_directory import OUTCOME, RECORD, last
from project.search.base import Base
from project.search.spec import Spec
from project.search.supervision import runs
from project.search.supervision.runs import MOST, RunCarrier
from project.search.values import (
    COMPLETE,
    CONFIRM,
    FAILED,
    TEST,
    TRIAL,
    Job,
    Objective,
    Result,
    Rules,
)
from tests.search.supervision.fakes import NAME, _Space

RULES = Rules("random", "none", 0, 2, 1, (Objective("val_loss", "min"),))
FLAGS = ("--model", "mlp", "--without", "reports")
RUN = "20261130-120000-ab12"
DENIED = "Permission denied"


class Origin:
    """Notes what it is to start."""

    def __init__(self) -> None:
        self.started: list[list[str]] = []

    def start(self, job: Job, argv: list[str], member: Any, log: Path) -> Any:
        """An attempt that tells of no run."""
        self.started.append(argv)
        return SimpleNamespace(run=None, cpu_seconds=1.5)


class Space(_Space):
    """Of the learning rate."""

    def argv(self, values: dict[str, float]) -> list[str]:
        return [f"--learning-rate={values['x']}"] if values else []


@pytest.fixture
def carrier(tmp_path: Path) -> RunCarrier:
    """Of a sweep in a folder of its own; `said` is all that it says."""
    spec = Spec(FLAGS, FLAGS, {"seed": 0}, Space(), RULES)
    agenda = SimpleNamespace(name=NAME, spec=spec, storage=SimpleNamespace(id=lambda name: "f00d"))
    base, said = Base(FLAGS, FLAGS, parse(FLAGS, {})), []
    made = RunCarrier(Origin(), agenda, base, tmp_path, tmp_path, said.append, lambda run: None)
    made.said = said
    return made


def job(kind: str = TRIAL, attempt: int = 1, begun: str | None = None, **facts: Any) -> Job:
    return Job(kind, 3, {"x": 0.5}, facts, attempt, begun, "token")


def leave(folder: Path, checkpoint: bool = True, number: int = 3, **outcome: Any) -> Path:
    """The directory that a run of trial 3 has left."""
    run = folder / NAME / RUN
    last(run).parent.mkdir(parents=True)
    sweep = {"name": NAME, "id": "f00d", "kind": TRIAL, "number": number}
    (run / RECORD).write_text(json.dumps({"sweep": sweep}))
    if checkpoint:
        last(run).write_bytes(b"weights")
    if outcome:
        (run / OUTCOME).write_text(json.dumps(outcome))
    return run


def test_a_new_trial_has_the_base_flags_then_its_own(carrier: RunCarrier, tmp_path: Path) -> None:
    carrier.begin(job())
    own = ["--exp-name", NAME, "--exp-dir", str(tmp_path)]
    left_out = ["--without", "reports", "test", "progress", "--monitor", "val_loss"]
    expected = [*FLAGS, "--learning-rate=0.5", *own, *left_out]
    assert carrier.origin.started == [expected]
    carrier.begin(job(CONFIRM, arm=3, seed=7))
    assert carrier.origin.started[1] == [*expected, "--seed", "7"]


@pytest.mark.parametrize("known", [True, False])
def test_a_former_run_is_gone_on_with_known_or_not(
    carrier: RunCarrier, tmp_path: Path, known: bool
) -> None:
    """An attempt may have been killed before the storage was told of its run."""
    run = leave(tmp_path)
    carrier.begin(job(attempt=2, begun=RUN if known else None))
    assert carrier.origin.started == [["--resume", str(run), "--exp-dir", str(tmp_path)]]


def test_another_trials_run_is_left_alone(carrier: RunCarrier, tmp_path: Path) -> None:
    leave(tmp_path, number=4)
    carrier.begin(job(attempt=2))
    assert "--resume" not in carrier.origin.started[0]


def test_a_run_without_a_checkpoint_goes_and_another_is_begun(
    carrier: RunCarrier, tmp_path: Path
) -> None:
    run = leave(tmp_path, checkpoint=False)
    carrier.begin(job(attempt=2, begun=RUN))
    assert not run.exists() and "--resume" not in carrier.origin.started[0]


def test_a_run_that_had_ended_is_not_made_again(
    carrier: RunCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tmp_path)
    ended = Result(COMPLETE, (0.25,), run=RUN)
    monkeypatch.setattr(runs, "read_result", lambda *asked: ended)
    assert carrier.begin(job(attempt=2, begun=RUN)) == ended and not carrier.origin.started


def test_a_run_that_still_lives_is_waited_for(
    carrier: RunCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another supervisor's, which hasn't noticed yet that its lease is over."""
    leave(tmp_path)
    monkeypatch.setattr(runs, "status", lambda run: "running")
    assert carrier.begin(job(attempt=2, begun=RUN)) is None and not carrier.origin.started


def test_a_run_of_another_machine_is_made_anew(carrier: RunCarrier) -> None:
    carrier.begin(job(attempt=2, begun=RUN))
    assert "--resume" not in carrier.origin.started[0]
    assert carrier.said == [f"trial 3 begins anew: its run {RUN} can't go on here"]


def test_a_test_is_of_the_confirmed_run_or_of_the_same_made_anew(
    carrier: RunCarrier, tmp_path: Path
) -> None:
    tested = job(TEST, arm=3, seed=7, of=0, run=RUN)
    carrier.begin(tested)
    (words,) = carrier.origin.started
    assert words[:2] == ["--model", "mlp"] and words[-2:] == ["--seed", "7"]
    assert "--without reports progress --monitor" in " ".join(words)
    leave(tmp_path)
    carrier.begin(tested)
    assert carrier.origin.started[1][:3] == ["--only-test", "--checkpoint", RUN]


def test_a_trial_that_dies_again_and_again_has_failed(carrier: RunCarrier, tmp_path: Path) -> None:
    """Each new checkpoint counts as progress; eight deaths without one do not."""
    run = leave(tmp_path)
    attempt = SimpleNamespace(run=run, cpu_seconds=0.0)
    for time in range(MOST - 1):
        assert carrier.result(job(), attempt, -9) is None
    last(run).write_bytes(b"further")
    os.utime(last(run), ns=(1, 1))
    for time in range(MOST - 1):
        assert carrier.result(job(), attempt, -9) is None
    found = carrier.result(job(), attempt, -9)
    assert (found.state, found.run) == (FAILED, RUN)
    assert found.reason == "killed by SIGKILL 8 times without a new checkpoint"
    assert set(carrier.said) == {"trial 3: killed by SIGKILL; it goes on"}


def test_a_trial_that_exits_without_an_outcome_again_and_again_has_failed(
    carrier: RunCarrier, tmp_path: Path
) -> None:
    """As a plug does that calls `os._exit`; who was interrupted in order is gone on with."""
    attempt = SimpleNamespace(run=leave(tmp_path), cpu_seconds=0.0)
    for code in [143] * MOST + [3] * (MOST - 1):
        assert carrier.result(job(), attempt, code) is None
    found = carrier.result(job(), attempt, 3)
    assert found.state == FAILED
    assert found.reason == "ended with exit code 3 8 times without a new checkpoint"


def test_what_fails_before_it_has_a_run_says_why(carrier: RunCarrier, tmp_path: Path) -> None:
    (tmp_path / "trial-3-1.log").write_text("note: x\nerror: out of room\nerror: twice\n")
    found = carrier.result(job(), SimpleNamespace(run=None, cpu_seconds=0.0), 2)
    assert (found.state, found.reason) == (FAILED, "out of room; twice")


@pytest.mark.parametrize(
    "told", ["No space left on device", "Disk quota exceeded", "Read-only file system", DENIED]
)
def test_a_disk_that_takes_nothing_is_no_fault_of_a_trial(
    carrier: RunCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    """It ends the command, and the next one goes on with the run."""
    run = leave(tmp_path)
    failed = Result(FAILED, reason=f"{run}/x: {told}", run=RUN)
    monkeypatch.setattr(runs, "read_result", lambda *asked: failed)
    with pytest.raises(OSError, match=f"{told}: '{tmp_path}'$"):
        carrier.result(job(), SimpleNamespace(run=run, cpu_seconds=0.0), 1)
    carrier.begin(job(begun=RUN))
    assert carrier.origin.started == [["--resume", str(run), "--exp-dir", str(tmp_path)]]


def test_a_file_elsewhere_that_cant_be_read_is_the_trials_own(
    carrier: RunCarrier, tmp_path: Path
) -> None:
    (tmp_path / "trial-3-1.log").write_text(f"error: /elsewhere/x: {DENIED}\n")
    found = carrier.result(job(), SimpleNamespace(run=None, cpu_seconds=0.0), 2)
    assert (found.state, found.reason) == (FAILED, f"/elsewhere/x: {DENIED}")
    (tmp_path / "trial-3-1.log").write_text(f"error: {tmp_path}/x: {DENIED}\n")
    with pytest.raises(PermissionError):
        carrier.result(job(), SimpleNamespace(run=None, cpu_seconds=0.0), 2)
