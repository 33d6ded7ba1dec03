"""How runs are made: so many at a time, again where one was killed, anew where it can't go on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from project.forecast import making
from project.forecast.asking import Wanted
from project.forecast.making import Ended, Making
from project.search.supervision.stopping import Stop
from tests.forecast.test_asking import ask

FLAGS = "--fractions 0.1 0.2 0.3 0.4 --seeds 1"
FINISHED, KILLED, AT_FAULT, FAILED = 0, -9, 2, 1


class Attempt:
    """One that has ended so when it is looked at."""

    def __init__(self, code: int, run: Path | None) -> None:
        self.code, self.run, self.interrupted = code, run, False

    def poll(self) -> int:
        return self.code

    def interrupt(self) -> None:
        self.interrupted = True


class Origin:
    """Gives attempts that end as the script says, the next for each start of a fraction."""

    script: dict[str, list[int]] = {}
    started: list[list[str]] = []
    states: dict[Path, str] = {}
    most = 0

    def __init__(self, *_: Any) -> None:
        self.going = 0

    def __enter__(self) -> "Origin":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def data(self) -> None:
        pass

    def start(self, job: Any, argv: Sequence[str], member: None, log: Path) -> Attempt:
        self.started.append(list(argv))
        self.going += 1
        Origin.most = max(Origin.most, self.going)
        code = self.script.get(str(job.number), [FINISHED]).pop(0)
        log.write_text("error: it can't be\n" if code > 0 else "")
        run = log.with_name(f"run{job.number}")
        self.states[run] = "lost" if code else "finished"
        return Attempt(code, run if code <= 0 else None)

    def wait(self, seconds: float) -> None:
        self.going = 0


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes runs whose processes end as a script says; returns what was told of them."""
    monkeypatch.setattr(making, "Origin", Origin)
    monkeypatch.setattr(making, "status", lambda run: Origin.states[run])

    def make(script: dict[str, list[int]], begun: dict[int, Path], jobs: int = 1) -> list[Ended]:
        Origin.script, Origin.started, Origin.most = script, [], 0
        told: list[Ended] = []
        asked = ask(*FLAGS.split(), "--jobs", str(jobs))
        known = {asked.runs[i]: run for i, run in begun.items()}
        Making(asked, known, 1, tmp_path, told.append).make(asked.runs, Stop())
        return told

    return make


def test_runs_are_made_in_order_so_many_at_a_time(made) -> None:
    told = made({}, {}, jobs=2)
    assert [each.wanted.fraction for each in told] == [0.1, 0.2, 0.3, 0.4]
    assert Origin.most == 2 and not any(each.failure for each in told)


def test_one_that_was_killed_is_tried_again_but_not_for_ever(made) -> None:
    told = made({"0": [KILLED, FINISHED], "1": [KILLED] * 3}, {})
    assert len(Origin.started) == 2 + 3 + 1 + 1
    assert [each.failure for each in told] == ["", "killed by SIGKILL", "", ""]


def test_one_that_has_begun_is_resumed_or_made_anew_where_it_cannot_go_on(made) -> None:
    told = made({"0": [AT_FAULT, FINISHED]}, {0: Path("a/b/former"), 1: Path("a/b/other")})
    assert not any(each.failure for each in told)
    first, again, other, *_ = Origin.started
    assert first[:2] == ["--resume", "a/b/former"] and "--resume" not in again
    assert other[:2] == ["--resume", "a/b/other"]


def test_flags_at_fault_end_all_before_the_first_run_and_one_run_after_it(made) -> None:
    with pytest.raises(ValueError, match="^it can't be$"):
        made({"0": [AT_FAULT]}, {})
    told = made({"1": [AT_FAULT], "2": [FAILED]}, {})
    assert [each.failure for each in told] == ["", "it can't be", "it can't be", ""]


def test_no_run_begins_after_a_signal(made, tmp_path: Path) -> None:
    Origin.script, Origin.started = {"0": [130]}, []
    asked, stop, told = ask(*FLAGS.split()), Stop(), list[Ended]()
    stop.asked = True
    Making(asked, {}, 1, tmp_path, told.append).make(asked.runs, stop)
    assert not Origin.started and not told


def test_what_ran_when_a_signal_came_is_left_for_the_next_command(
    made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has ended with a checkpoint and 130: neither finished nor failed."""
    stop, told, asked = Stop(), list[Ended](), ask(*FLAGS.split())
    Origin.script, Origin.started = {"0": [130]}, []
    monkeypatch.setattr(Origin, "wait", lambda self, seconds: setattr(stop, "asked", True))
    Making(asked, {}, 1, tmp_path, told.append).make([Wanted(0.1, None, 0)], stop)
    assert len(Origin.started) == 1 and not told
