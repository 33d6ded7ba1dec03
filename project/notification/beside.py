"""The process that watches a run and sends messages of it, as the training process sees it."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from project.notification.log import NAME, size, unsent
from project.notification.services import Service
from project.run_directory import TRACKING, log_of
from project.tracking.attached import say, say_end, start
from project.tracking.training import RUN_ENDS
from project.words.paths import brief

# So long the end of a run waits for its message.
MESSAGE_SECONDS = 3.0
_LOOK_SECONDS = 0.02


class ReadyWatcher:
    """A process that has a run to watch soon, or none."""

    def __init__(self, services: Sequence[Service], every: str | None) -> None:
        """Start it.

        Args:
            services: that messages go to; the pipe alone tells them.
            every: how often a message is sent on the way.
        Raises:
            OSError: it can't be started.
        """
        self.names = [service.name for service in services]
        self._process = start(watch_command())
        asked = {"services": [asdict(service) for service in services], "every": every}
        say(self._process, json.dumps(asked).encode() + b"\n")

    def attach(self, run_dir: Path) -> "Watcher":
        """Let it watch the run in `run_dir`, also when this process is killed."""
        run_dir = run_dir.resolve()
        (run_dir / TRACKING).mkdir(exist_ok=True)
        say(self._process, bytes(run_dir) + RUN_ENDS)
        return Watcher(run_dir, self.names, self._process)

    def close(self) -> subprocess.Popen[bytes]:
        """There is no run."""
        self._process.stdin.close()
        return self._process


class Watcher:
    """The watcher of one run."""

    def __init__(self, run_dir: Path, names: list[str], process: subprocess.Popen[bytes]) -> None:
        self.run_dir, self.names, self.process = run_dir, names, process
        self._since = size(run_dir)

    def end(self) -> None:
        """Tell it that the run has ended."""
        say_end(self.process)

    def wait(self) -> None:
        """Wait until each service has taken the message, or failed to, for a moment."""
        deadline = time.monotonic() + MESSAGE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            left = unsent(self.run_dir, self.names, self._since)
            if left and all(left.values()):
                return
            time.sleep(_LOOK_SECONDS)

    def lines(self) -> list[str]:
        """Whether the message was sent, in a line."""
        code, log = self.process.poll(), brief(log_of(self.run_dir, NAME))
        failed = unsent(self.run_dir, self.names, self._since)
        if not failed:
            return [f"message sent: {', '.join(self.names)}"]
        told = ", ".join(f"{name} ({why})" if why else name for name, why in failed.items())
        if code is None:
            return [f"message not sent yet: {told}; tried on in the background, see {log}"]
        return [f"message not sent: {told}; see {log}"]


def watch_command() -> list[str]:
    """The command of a watcher's process."""
    return [sys.executable, "-P", "-m", "project.notification.watch"]
