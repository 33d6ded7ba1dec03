"""The processes that follow a run while it trains, as its training process sees them."""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from project.tracking._state import State

ROOT = Path(__file__).resolve().parents[2]
RETRY_SECONDS = 3.0
# Followers that go on in the background: forgotten ones would be complained of as still running.
_LEFT: list[subprocess.Popen[bytes]] = []


@dataclass
class Attached:
    """The followers of one run; none of them can slow, stop or fail its training.

    Attributes:
        run_dir: the run's directory.
        followers: a process per tracker, by the tracker's name.
    """

    run_dir: Path
    followers: dict[str, subprocess.Popen[bytes]]

    def close(self, timeout: float) -> list[str]:
        """Tell the followers that the run has ended, and wait for them.

        Args:
            timeout: seconds that all of them get together; those that need more go on in the
                background.
        Returns:
            A line for each tracker: where to look, or what is missing and how to send it later.
        """
        for process in self.followers.values():
            _say_end(process)
        began = time.monotonic()
        for name, process in self.followers.items():
            # A tracker that failed until now gets one more try, not everyone's time.
            failing = State.load(self.run_dir, name).error is not None
            deadline = began + (min(timeout, RETRY_SECONDS) if failing else timeout)
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                _LEFT.append(process)  # its line says so
        return [self._line(name, process.poll()) for name, process in self.followers.items()]

    def _line(self, name: str, code: int | None) -> str:
        state, later = State.load(self.run_dir, name), self._command(name)
        if code == 0:
            return state.where
        if code is None and state.error is None:
            log = self.run_dir / "tracking" / f"{name}.log"
            return f"{name}: still sending in the background (its log is {log}); {state.where}"
        if code is None:
            return f"{name}: not reached yet ({state.error}); {later} sends the rest later"
        if state.error is not None:
            return f"{name}: not sent ({state.error}); {later} sends it later"
        log = self.run_dir / "tracking" / f"{name}.log"
        return f"{name}: its process ended with code {code}, see {log}; {later} sends it later"

    def _command(self, name: str) -> str:
        return f"`python -m project.sync {shlex.quote(str(self.run_dir))} --tracker {name}`"


def attach(run_dir: Path, names: tuple[str, ...]) -> Attached:
    """Start a process per tracker that sends what the run in `run_dir` logs, from now on.

    It goes on until it has sent all, also when this process is killed. Only rank 0 calls this.

    Raises:
        OSError: a process can't be started.
    """
    (run_dir / "tracking").mkdir(exist_ok=True)
    return Attached(run_dir, {name: _start(run_dir, name) for name in names})


def _start(run_dir: Path, name: str) -> subprocess.Popen[bytes]:
    # The project is found wherever this process was started; the working directory stays, as
    # relative addresses in the environment refer to it, and is not searched for modules (-P).
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with open(run_dir / "tracking" / f"{name}.log", "ab") as log:
        return subprocess.Popen(
            follow_command(run_dir, name),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C at the terminal is meant for training alone. The session stays: Linux shares
            # cores among sessions first, and would give one that follows as much as training.
            process_group=0,
        )


def follow_command(run_dir: Path, name: str) -> list[str]:
    """The command of a follower's process."""
    command = [sys.executable, "-P", "-m", "project.sync"]
    return [*command, str(run_dir.resolve()), "--tracker", name, "--follow"]


def _say_end(process: subprocess.Popen[bytes]) -> None:
    try:
        # Closing alone would not do: a worker forked from this process may hold the pipe open.
        process.stdin.write(b".")
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already; its exit code tells how
