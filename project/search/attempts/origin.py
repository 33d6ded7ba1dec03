"""Attempts as their supervisor sees them, which has no PyTorch: started, watched, and ended."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import IO, Any

from project.search.attempts.attempt import Attempt, Started
from project.search.attempts.processes import begin, environment, in_memory
from project.search.membership import Membership
from project.search.values import Job

FORKING = "project.search.attempts.forking"
CARRYING_OUT = "project.search.attempts.carrying_out"


class Origin:
    """Starts attempts: forks of one process that has PyTorch imported, or one a GPU, anew.

    A context manager; when it is left, or its process dies, all attempts are killed. To end them in
    order, `interrupt` each and wait.

    Args:
        threads: of each attempt.
        flags: of `project.run`, those that all attempts have: their data are loaded once.
        gpus: names of devices, as CUDA_VISIBLE_DEVICES has them, that attempts take in turn; none:
            attempts are forks, and compute on the CPU.
        modules: what the origin imports besides.
    """

    def __init__(
        self,
        threads: int,
        flags: Sequence[str] = (),
        gpus: Sequence[str] = (),
        modules: Sequence[str] = (),
    ) -> None:
        self._asked = {"flags": list(flags), "modules": list(modules)}
        self._gpus, self._threads = tuple(gpus), threads
        self._numbers, self._attempts = count(), dict[int, Attempt]()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._said, self._answer = in_memory(), in_memory()
        self._is_ready = False

    def __enter__(self) -> "Origin":
        self._launch()
        return self

    def __exit__(self, *_: object) -> None:
        for attempt in self.attempts:
            attempt.kill()
        self._close()
        self._said.close()
        self._answer.close()

    def data(self) -> dict[str, Any]:
        """`Data.describe()` of the data that attempts train on, once they are loaded.

        Raises:
            ValueError: they can't be had; in words for people.
            OSError: the process that loads them has died.
        """
        while not self._is_ready:
            if self._connection is None:
                raise OSError(f"the process that forks trials has died: {self._last_words()}")
            self.wait(600)
        self._answer.seek(0)
        told = json.load(self._answer)
        if "fault" in told:
            raise ValueError(told["fault"])
        return told["data"]

    @property
    def attempts(self) -> list[Attempt]:
        """Those that go on, as far as is known."""
        return [attempt for attempt in self._attempts.values() if attempt.code is None]

    def start(self, job: Job, argv: Sequence[str], member: Membership | None, log: Path) -> Attempt:
        """Carry out a job in a process of its own.

        Args:
            job: what for.
            argv: the command line of `project.run`.
            member: what the run is told of its sweep; None: it is no sweep's.
            log: file that all it says is appended to; its folder is there.
        Raises:
            OSError: it can't be started; the message says why.
        """
        self._attempts = {n: a for n, a in self._attempts.items() if a.code is None}
        told = {"argv": list(argv), "member": member and member.to_json()}
        with in_memory(told) as request, open(log, "ab") as output:
            if self._gpus:
                return self._start_anew(job, request, output)
            return self._fork(job, request, output)

    def wait(self, seconds: float) -> None:
        """Return when something has happened to an attempt, or so many seconds later."""
        handles = [handle for attempt in self.attempts for handle in attempt.handles()]
        if self._connection is not None:
            handles.append(self._connection.fileno())
        if handles:
            select.select(handles, [], [], seconds)
        else:
            time.sleep(seconds)
        for attempt in self.attempts:
            attempt.read()  # or it would be there to be read at once, the next time
        self._hear()

    def _fork(self, job: Job, request: IO[bytes], output: IO[bytes]) -> Attempt:
        self._hear()
        if self._connection is None:
            self._launch()
        number, (told, tell), (lifeline, held) = next(self._numbers), os.pipe(), os.pipe()
        attempt = Attempt(job, told, held, self._hear)
        handles = [request.fileno(), output.fileno(), tell, lifeline]
        try:
            socket.send_fds(self._connection, [json.dumps(number).encode()], handles)
        except OSError as error:
            attempt.kill()
            raise OSError(f"the process that forks trials is gone: {self._last_words()}") from error
        finally:
            os.close(tell)
            os.close(lifeline)
        self._attempts[number] = attempt
        return attempt

    def _start_anew(self, job: Job, request: IO[bytes], output: IO[bytes]) -> Attempt:
        """On the GPU that has the fewest attempts, the first of these."""
        busy = [attempt.gpu for attempt in self.attempts if attempt.poll() is None]
        gpu = min(self._gpus, key=busy.count)
        (told, tell), (lifeline, held) = os.pipe(), os.pipe()
        env = environment(self._threads) | {"CUDA_VISIBLE_DEVICES": gpu}
        handles = [request.fileno(), lifeline, tell]
        command = [sys.executable, "-m", CARRYING_OUT, *map(str, handles)]
        try:
            process = begin(command, env, output, handles)
        except OSError:
            os.close(held)
            os.close(told)
            raise
        finally:
            os.close(tell)
            os.close(lifeline)
        attempt = Started(job, told, held, process, gpu)
        self._attempts[next(self._numbers)] = attempt
        return attempt

    def _launch(self) -> None:
        self._close()
        self._is_ready = False
        own, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for file in (self._said, self._answer):
            file.seek(0)
            file.truncate()
        with its, in_memory(self._asked) as request:
            handles = [its.fileno(), request.fileno(), self._answer.fileno()]
            command = [sys.executable, "-m", FORKING, *map(str, handles)]
            self._process = begin(command, environment(self._threads), self._said, handles)
        own.setblocking(False)
        self._connection = own

    def _hear(self) -> None:
        """Take in what the process that forks has to say; attempts outlive it, if it is killed."""
        while self._connection is not None:
            try:
                content = self._connection.recv(2**12)
            except BlockingIOError:
                return
            except OSError:
                content = b""
            if not content:
                self._close()
                for attempt in self.attempts:
                    attempt.orphaned = True
                return
            told = json.loads(content)
            self._is_ready = self._is_ready or "ready" in told
            if attempt := self._attempts.get(told.get("number", -1)):
                attempt.hear(told)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
