"""The runs of a sweep on their way to trackers: one process for each of these sends them all."""

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from project.cli.shell import command, exp_dir_flag, followed_by
from project.tracking.attached import follow_command, start
from project.tracking.choice import is_served
from project.tracking.follower import is_current
from project.tracking.training import RUN_ENDS

# How long the end of a sweep waits for trackers; they go on in the background after that.
SECONDS = 10.0


class Sender:
    """Names runs that have ended to the processes that send them; waits for none of them.

    These go on until they have sent what they know of, also when this process is killed.
    """

    def __init__(self, exp_dir: Path, trackers: Sequence[str]) -> None:
        """Start a process for each tracker.

        Raises:
            OSError: one can't be started.
        """
        self._exp_dir, self._runs = exp_dir, list[Path]()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._unsaid: dict[str, bytes] = {}
        for name in trackers:
            self._processes[name] = start([*follow_command(exp_dir, name), "--each"])
            self._unsaid[name] = b""
            os.set_blocking(self._processes[name].stdin.fileno(), False)

    def send(self, run: Path) -> None:
        """Let a run be sent that has ended; one that has been is not sent again."""
        self._runs.append(run.resolve())
        for name in self._unsaid:
            self._unsaid[name] += os.fsencode(run.resolve()) + RUN_ENDS
        self._say()

    def end(self, seconds: float = SECONDS) -> list[str]:
        """Name no more, and wait for a while; returns a line for each tracker."""
        deadline = time.monotonic() + seconds
        while any(self._unsaid.values()) and time.monotonic() < deadline:
            self._say()
            time.sleep(0.05)
        for process in self._processes.values():
            with suppress(OSError):
                process.stdin.close()
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        lines = [self._line(name, process.poll()) for name, process in self._processes.items()]
        for process in self._processes.values():
            process.returncode = process.returncode or 0  # nobody waits for those that go on
        return lines

    def _say(self) -> None:
        for name, process in self._processes.items():
            with suppress(BlockingIOError, BrokenPipeError):
                while said := self._unsaid[name]:
                    n = os.write(process.stdin.fileno(), said)
                    self._unsaid[name] = said[n:]

    def _line(self, name: str, code: int | None) -> str:
        if code is None and not self._unsaid[name]:
            return f"{name}: still sending in the background"
        left = sum(not is_current(run, name) for run in self._runs)
        if not left:
            shown = command("serve", *exp_dir_flag(self._exp_dir)) if is_served(name) else ""
            return f"{name}: all sent" + f", see `{shown}`" * bool(shown)
        words = command("sync", *exp_dir_flag(self._exp_dir), "--tracker", name)
        return followed_by(
            f"{name}: {left} of {len(self._runs)} runs not sent; to send them", words
        )
