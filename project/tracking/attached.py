"""The processes that follow a run while it trains, as its training process sees them."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from project.cli.shell import command, exp_dir_flag, followed_by
from project.files.root import findable
from project.run_directory import JOURNAL, TRACKING, log_of
from project.tracking.checkpoints import told
from project.tracking.choice import is_served
from project.tracking.state import State
from project.tracking.training import RUN_ENDS
from project.words.paths import brief

RETRY_SECONDS = 3.0
# Followers that go on in the background: forgotten ones would be complained of as still running.
_LEFT: list[subprocess.Popen[bytes]] = []


class Watching(Protocol):
    """What else looks at one run from a process of its own, as `notification.beside` has it."""

    process: subprocess.Popen[bytes]

    def end(self) -> None: ...

    def wait(self) -> None: ...

    def lines(self) -> list[str]: ...


class Beside(Protocol):
    """The same before there is a run."""

    def attach(self, run_dir: Path) -> Watching: ...

    def close(self) -> subprocess.Popen[bytes]: ...


@dataclass
class Followers:
    """The followers of one run; none of them can slow, stop or fail its training.

    Attributes:
        run_dir: the run's directory.
        followers: a process per tracker, by the tracker's name.
        watcher: sends messages, if any are wanted.
    """

    run_dir: Path
    followers: dict[str, subprocess.Popen[bytes]]
    watcher: Watching | None = None

    def end(self) -> None:
        """Tell the followers that the run has ended."""
        for process in self.followers.values():
            say_end(process)
        if self.watcher:
            self.watcher.end()

    def unsent(self) -> list[str]:
        """What is still being sent, a line for each tracker that has not ended."""
        journal = self.run_dir / JOURNAL
        size = journal.stat().st_size if journal.exists() else 0
        lines, checkpoints = [], told(self.run_dir)
        for name, process in self.followers.items():
            if process.poll() is None:
                left = size - self._state(name).position
                curves = f"{left / 1000:,.0f} of {size / 1000:,.0f} kB of curves, and " * (left > 0)
                more = checkpoints and f", {checkpoints}"
                lines.append(f"{name}: {curves}the run's files and its end{more}")
        return lines

    def wait(self, timeout: float) -> None:
        """Wait until the followers, which were told, have ended; those that need more go on.

        Args:
            timeout: seconds that all of them get together.
        """
        began = time.monotonic()
        for name, process in self.followers.items():
            # A tracker that failed until now gets one more try, not everyone's time.
            failing = self._state(name).error is not None
            deadline = began + (min(timeout, RETRY_SECONDS) if failing else timeout)
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        if self.watcher:
            self.watcher.wait()

    def lines(self) -> list[str]:
        """For each tracker: where to look, or what is missing and how to send it later."""
        # What goes on in the background says so in its line.
        _LEFT.extend(process for process in self.followers.values() if process.poll() is None)
        lines = [self._line(name, process.poll()) for name, process in self.followers.items()]
        if self.watcher is None:
            return lines
        _LEFT.append(self.watcher.process)
        return [*lines, *self.watcher.lines()]

    def _line(self, name: str, code: int | None) -> str:
        state = self._state(name)
        # Where it is served was said with the results.
        where = "all sent" if is_served(name) else ""
        if code == 0:
            return f"{name}: {where}" if where else state.where
        log = brief(log_of(self.run_dir, name))
        if code is None and state.error is None:
            # Until it has opened its tracker, it doesn't know where that shows the run.
            told = f"; {state.where}" if state.where and not where else ""
            return f"{name}: still sending in the background (its log is {log}){told}"
        if code is None:
            return self._later(name, f"not reached yet ({state.error}); to send the rest later")
        if state.error is not None:
            return self._later(name, f"not sent ({state.error}); to send it later")
        return self._later(name, f"its process ended with code {code}, see {log}; to send it later")

    def _state(self, name: str) -> State:
        try:
            return State.load(self.run_dir, name)
        except ValueError as error:
            # It is no fault of the run, which is over; its follower has met the same.
            return State(error=str(error))

    def _later(self, name: str, what: str) -> str:
        where = exp_dir_flag(self.run_dir.parents[1])
        words = [self.run_dir.name, *where, "--tracker", name]
        return followed_by(f"{name}: {what}", command("sync", *words))


class ReadyFollowers:
    """Followers that load what their trackers need before there is a run to follow.

    A context manager: those that were given no run end with it, and leave nothing.
    """

    def __init__(self, exp_dir: Path, names: tuple[str, ...], beside: Beside | None = None) -> None:
        """Start a process per tracker. Only rank 0 does.

        Args:
            exp_dir: folder of all runs.
            names: of the trackers.
            beside: what is to watch the run, too.
        Raises:
            OSError: a process can't be started.
        """
        self._beside, self._waiting = beside, {}
        for name in names:
            self._waiting[name] = start(follow_command(exp_dir, name))

    def attach(self, run_dir: Path) -> Followers:
        """Let them send what the run in `run_dir` logs, from now on.

        They go on until they have sent all, also when this process is killed.
        """
        run_dir = run_dir.resolve()
        (run_dir / TRACKING).mkdir(exist_ok=True)
        for name, process in self._waiting.items():
            # It stays empty where a follower has crashed already; its exit code tells then.
            log_of(run_dir, name).touch()
            say(process, os.fsencode(run_dir) + RUN_ENDS)
        followers, self._waiting = self._waiting, {}
        beside, self._beside = self._beside, None
        return Followers(run_dir, followers, beside.attach(run_dir) if beside else None)

    def __enter__(self) -> "ReadyFollowers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._waiting.values():
            process.stdin.close()
            _LEFT.append(process)
        if self._beside:
            _LEFT.append(self._beside.close())


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process that goes on when this one ends, and hears of a run by its standard input.

    Raises:
        OSError: it can't be started.
    """
    # The project is found wherever this process was started; the working directory stays, as
    # relative addresses in the environment refer to it, and is not searched for modules (-P).
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        # Until it has a run, whose directory has a log for it.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=findable(),
        # Ctrl-C at the terminal is meant for training alone. The session stays: Linux shares
        # cores among sessions first, and would give one that follows as much as training.
        process_group=0,
    )


def follow_command(exp_dir: Path, name: str) -> list[str]:
    """The command of a follower's process; the folder is for people who look at processes."""
    command = [sys.executable, "-P", "-m", "project.sync", "--follow"]
    return [*command, "--exp-dir", str(exp_dir.resolve()), "--tracker", name]


def say(process: subprocess.Popen[bytes], what: bytes) -> None:
    """Tell such a process something, if it is still there."""
    try:
        process.stdin.write(what)
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it has ended already; its exit code tells how


def say_end(process: subprocess.Popen[bytes]) -> None:
    """Tell it that the run has ended."""
    # Closing alone would not do: a worker forked from this process may hold the pipe open.
    say(process, b".")
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
