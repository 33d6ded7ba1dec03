"""Followers in processes of their own: training neither waits for a tracker nor dies with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from project.files import lock
from project.tracking import Followers, ReadyFollowers
from project.tracking import attached as _attached
from project.tracking.live import SLOW_SECONDS, follow
from project.tracking.state import State
from project.tracking.training import RUN_ENDS, Training
from tests.tracking import stand_in
from tests.tracking.runs import finish, log, make_run

ROOT = Path(__file__).parents[2]
NAME = stand_in.NAME
# `python -m project.sync`, with the stand-in instead of TensorBoard.
SYNC = "import sys; from tests.tracking import stand_in; stand_in.install(); "
SYNC += "from project import sync; sys.exit(sync.main(sys.argv[1:]))"


def command(exp_dir: Path, name: str) -> list[str]:
    return [sys.executable, "-c", SYNC, "--follow", "--exp-dir", str(exp_dir), "--tracker", name]


def attach(run: Path) -> Followers:
    with ReadyFollowers(run.parents[1], (NAME,)) as ahead:
        return ahead.attach(run)


def close(attached: Followers, timeout: float) -> list[str]:
    """The end of a run, as training sees it."""
    attached.end()
    attached.wait(timeout)
    return attached.lines()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@pytest.fixture
def start(run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Followers]]:
    """Attaches a follower whose tracker behaves as told; ends it after the test."""
    monkeypatch.setattr(_attached, "follow_command", command)
    started = []

    def start(behaviour: str) -> Followers:
        monkeypatch.setenv(stand_in.BEHAVIOUR, behaviour)
        started.append(attach(run))
        return started[-1]

    yield start
    for attached in started:
        attached.followers[NAME].kill()
        attached.followers[NAME].wait()


def test_all_is_sent_when_training_ends(run: Path, start: Callable[[str], Followers]) -> None:
    attached = start("")
    log(run, ({"loss": 0.5}, 1), ({"loss": 0.25}, 2))
    finish(run)
    assert close(attached, timeout=60) == ["stand-in: in the service"]
    assert stand_in.points(run) == [("loss", 1, 0.5), ("loss", 2, 0.25)]
    assert ["close", "finished"] in stand_in.received(run)
    assert (run / "tracking" / f"{NAME}.log").read_text() == ""


def test_what_a_tracker_needs_is_loaded_before_there_is_a_run(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_attached, "follow_command", command)
    loaded = tmp_path / "loaded"
    monkeypatch.setenv(stand_in.PRELOADED, str(loaded))
    with ReadyFollowers(tmp_path, (NAME,)) as ahead:
        while not loaded.exists():
            assert ahead._waiting[NAME].poll() is None
        assert not (run / "tracking").exists()
        attached = ahead.attach(run)
    finish(run)
    assert close(attached, timeout=60) == ["stand-in: in the service"]


def test_a_follower_that_is_given_no_run_ends_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_attached, "follow_command", command)
    with ReadyFollowers(tmp_path, (NAME,)) as ahead:
        process = ahead._waiting[NAME]
    assert process.wait(60) == 0
    assert not list(tmp_path.iterdir())


def test_a_tracker_that_hangs_is_left_behind(run: Path, start: Callable[[str], Followers]) -> None:
    attached = start("hang")
    finish(run)
    (line,) = close(attached, timeout=0.5)
    # It doesn't know yet where it will be seen.
    log = run / "tracking" / f"{NAME}.log"
    assert line == f"{NAME}: still sending in the background (its log is {log})"
    assert attached.followers[NAME].poll() is None


def test_a_follower_that_starves_after_its_run_begins_again_at_the_runs_own_priority(
    run: Path, start: Callable[[str], Followers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys.modules[__name__], "SYNC", SYNC.replace("install()", "install(), stand_in.starve()")
    )
    attached = start("starve")
    # It has given way, and does not come to its end.
    service = run / stand_in.SERVICE
    while not (service.exists() and service.stat().st_size):
        assert attached.followers[NAME].poll() is None
    log(run, ({"loss": 0.5}, 1))
    finish(run)
    pid = attached.followers[NAME].pid
    assert close(attached, timeout=60) == ["stand-in: in the service"]
    assert attached.followers[NAME].pid == pid
    priorities = [content for kind, content in stand_in.received(run) if kind == "priority"]
    assert priorities == [19, os.getpriority(os.PRIO_PROCESS, 0)]
    assert stand_in.points(run) == [("loss", 1, 0.5)]


def test_what_is_slow_to_open_lets_a_short_run_end_first(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(run)
    monkeypatch.setitem(sys.modules, f"project.trackers.{NAME}", stand_in)
    monkeypatch.setattr(stand_in, "is_slow_to_open", lambda run_dir: run_dir == run, raising=False)
    pipe, training = os.pipe()
    heard = Training(pipe)
    os.write(training, os.fsencode(run) + RUN_ENDS)

    def wait(seconds: float | None = None) -> bool:
        if seconds == SLOW_SECONDS:
            # Nothing else ends this run.
            os.close(training)
        return Event.wait(heard.gone)

    heard.gone.wait = wait
    assert follow(run, NAME, heard) == 0
    os.close(pipe)
    assert ["close", "finished"] in stand_in.received(run)


def test_a_tracker_that_is_down_is_named_with_what_to_do(
    run: Path, start: Callable[[str], Followers]
) -> None:
    attached = start("fail")
    # It tells why before training ends; wait for that.
    path = run / "tracking" / f"{NAME}.json"
    while not (path.exists() and State.load(run, NAME).error):
        assert attached.followers[NAME].poll() is None
    (line,) = close(attached, timeout=0)
    assert "not reached yet (ConnectionError: http://***@host/ is down)" in line
    told, later = line.splitlines()
    assert told.endswith("; to send the rest later:")
    where = f"--exp-dir {run.parents[1]} --tracker {NAME}"
    assert later.endswith(f" -m project.sync {run.name} {where}")
    attached.followers[NAME].kill()
    attached.followers[NAME].wait()
    texts = [p.read_text() for p in (run / "tracking").iterdir()]
    assert not any("secret-word" in text for text in texts)
    # Said once, however often it was tried.
    assert (run / "tracking" / f"{NAME}.log").read_text().count("is down") == 1


def test_settings_that_cannot_work_are_not_tried_again(
    run: Path, start: Callable[[str], Followers]
) -> None:
    attached = start("refuse")
    (line,) = close(attached, timeout=60)
    assert attached.followers[NAME].returncode == 2
    assert line.startswith(f"{NAME}: not sent (TOKEN is not set: set it); to send it later:\n  ")
    assert " -m project.sync " in line


def test_a_follower_that_crashes_is_named_with_its_log(
    run: Path, start: Callable[[str], Followers]
) -> None:
    attached = start("crash")
    # The pipe may be closed at its other end already.
    attached.followers[NAME].wait()
    (line,) = close(attached, timeout=60)
    assert f"ended with code 66, see {run}/tracking/{NAME}.log" in line
    # All that it could not send is sent by the next one.
    log(run, ({"loss": 0.5}, 1))
    assert close(start(""), timeout=60) == ["stand-in: in the service"]
    assert stand_in.points(run) == [("loss", 1, 0.5)]


def test_a_killed_training_process_loses_nothing_it_flushed(run: Path) -> None:
    script = f"""
import os, signal, sys
from pathlib import Path
from project.tracking import attached
from project.tracking.journal import Journal
from tests.tracking.test_attached import attach, command
attached.follow_command = command
run = Path(sys.argv[1])
attach(run)
while not (run / "tracking" / "{NAME}.json").exists():
    pass
journal = Journal(run / "journal.jsonl")
for step in range(100):
    journal.log({{"loss": 1 / (step + 1)}}, step=step, epoch=0)
journal.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    trainer = subprocess.run([sys.executable, "-c", script, str(run)], cwd=ROOT)
    assert trainer.returncode == -signal.SIGKILL
    # The follower holds this lock until it has sent all.
    with lock(run / "tracking" / f"{NAME}.lock"):
        assert stand_in.points(run) == [("loss", step, 1 / (step + 1)) for step in range(100)]
        assert ["close", None] in stand_in.received(run)


def test_the_next_follower_waits_for_the_last(run: Path, start: Callable[[str], Followers]) -> None:
    log(run, ({"loss": 0.5}, 1))
    finish(run)
    both = start(""), start("")
    # At once: whichever of them is first, the other one waits until it has ended.
    with ThreadPoolExecutor() as pool:
        lines = list(pool.map(lambda attached: close(attached, timeout=60), both))
    assert lines == [["stand-in: in the service"]] * 2
    assert stand_in.points(run) == [("loss", 1, 0.5)]


def test_a_follower_is_found_from_any_directory(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "__init__.py").write_text("raise RuntimeError('another project')")
    monkeypatch.chdir(tmp_path)
    attached = attach(run.relative_to(tmp_path))
    finish(run)
    (line,) = close(attached, timeout=120)
    assert line.startswith("tensorboard: "), (run / "tracking" / f"{NAME}.log").read_text()
    assert attached.followers[NAME].returncode == 0
    assert os.path.isdir(run / "tensorboard")


def test_a_tracker_that_stays_down_is_given_up(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"project.trackers.{NAME}", stand_in)
    monkeypatch.setenv(stand_in.BEHAVIOUR, "fail")
    pipe, training = os.pipe()
    os.close(training)
    # Without a grace, one try after the run's end is all.
    assert follow(run, NAME, Training(pipe), grace=0.0) == 1
    os.close(pipe)
    assert "is down" in State.load(run, NAME).error


def test_a_tracker_that_hangs_is_given_up(run: Path) -> None:
    script = "import sys; from pathlib import Path; from tests.tracking import stand_in;"
    script += "stand_in.install(); from project.tracking.live import follow;"
    script += "from project.tracking.training import Training;"
    script += "follow(Path(sys.argv[1]), stand_in.NAME, Training(0), hang=0.01)"
    result = subprocess.run(
        [sys.executable, "-c", script, str(run)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, stand_in.BEHAVIOUR: "hang"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (1, f"{NAME} took nothing for 0.01 s: given up\n")
