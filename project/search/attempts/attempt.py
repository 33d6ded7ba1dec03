"""One attempt, as its supervisor sees it: which run it has opened, and how it has ended."""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from project.search.values import Job


class Attempt:
    """A fork that carries out a job.

    Attributes:
        job: what for.
        pid: of its process; 0 until that is known.
        code: its exit code, or the signal that killed it, negative; None as long as it goes on.
        cpu_seconds: seconds of cores that it has used, known once it has ended.
        gpu: the device that it computes on; None: as its flags say.
        orphaned: whether the process that forked it is gone, so that nobody hears its exit code.
    """

    gpu: str | None = None

    def __init__(
        self, job: Job, told: int, lifeline: int, look: Callable[[], None] = lambda: None
    ) -> None:
        """Watch it.

        Args:
            told: end of a pipe that the run's directory comes by.
            lifeline: end of another: when it is closed, the attempt is killed.
            look: takes in what there is to be heard.
        """
        self.job, self.pid, self.cpu_seconds, self.orphaned = job, 0, 0.0, False
        self.code: int | None = None
        self._told, self._lifeline, self._look = told, lifeline, look
        self._run, self._ended, self._signals = b"", False, list[int]()
        os.set_blocking(told, False)

    @property
    def run(self) -> Path | None:
        """The directory of its run, once it has opened that."""
        self.read()
        return Path(os.fsdecode(self._run)) if self._run else None

    def poll(self) -> int | None:
        """Its `code`, if it has ended."""
        if self.code is None:
            self._look()
        if self.code is None and self.orphaned:
            self.read()
            if self._ended:
                self._end(-signal.SIGKILL)
        return self.code

    def interrupt(self) -> None:
        """Let it end after its present step, with a checkpoint to go on from."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._send(signal.SIGKILL)
        self._cut()

    def handles(self) -> list[int]:
        """What can be read once something has happened to it."""
        return [] if self._ended or self.code is not None else [self._told]

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take in what the process that forks has told of it: its pid, or its end."""
        if "pid" in told:
            self.pid = told["pid"]
            for number in self._signals:
                self._send(number)
        else:
            self.cpu_seconds = told["cpu"]
            self._end(told["code"])

    def _send(self, number: int) -> None:
        if self.code is not None:
            return
        if not self.pid:
            self._signals.append(number)
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def read(self) -> None:
        """Read what the run has told; the end of that is its own, and that of all it started."""
        while not self._ended and select.select([self._told], [], [], 0)[0]:
            content = os.read(self._told, 2**12)
            self._run += content
            if not content:
                self._ended = True
                os.close(self._told)

    def _end(self, code: int) -> None:
        self.read()
        self.code = code
        if not self._ended:
            self._ended = True
            os.close(self._told)
        self._cut()

    def _cut(self) -> None:
        lifeline, self._lifeline = self._lifeline, -1
        if lifeline >= 0:
            os.close(lifeline)


class Started(Attempt):
    """One that was started anew, by this process."""

    def __init__(
        self, job: Job, told: int, lifeline: int, process: subprocess.Popen[bytes], gpu: str
    ) -> None:
        super().__init__(job, told, lifeline)
        self.pid, self.gpu, self._process = process.pid, gpu, process

    def poll(self) -> int | None:
        if self.code is None:
            # Once its end of the pipe is closed nothing else tells of it: it is about to be gone.
            self.read()
            pid, status, used = os.wait4(self.pid, 0 if self._ended else os.WNOHANG)
            if pid:
                self.cpu_seconds = used.ru_utime + used.ru_stime
                # Popen would wait for a process that is gone.
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._end(self._process.returncode)
        return self.code
