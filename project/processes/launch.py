"""The other processes of a run on this machine: started at once, watched, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from project.files.root import findable
from project.hyperparameters import Hyperparameters
from project.processes.place import n_devices, place

# How long processes that have lost one of them may take to notice it; gloo does at once.
NOTICE_SECONDS = 15.0
# Names the process that started this one and that it must not outlive.
PARENT = "PROJECT_STARTED_BY"


class OtherProcesses:
    """The processes that this one has started.

    Attributes:
        noticed: set when this process has come to an end, in whatever way.
    """

    def __init__(self, processes: Sequence[subprocess.Popen] = ()) -> None:
        self._processes, self.noticed = processes, threading.Event()

    def fallen(self) -> str | None:
        """Which of them has failed and how, in a line; None if none has."""
        for rank, process in enumerate(self._processes, start=1):
            if process.poll():
                return f"process {rank} {_how(process.returncode)}"
        return None

    def end(self) -> None:
        """End those that still run; they keep nothing that the first process hasn't."""
        self.noticed.set()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def watch(self) -> None:
        """End all if one has fallen, for example to a signal, and this process waits for it."""
        while not self.noticed.wait(0.5):
            why = self.fallen()
            if why is not None and not self.noticed.wait(NOTICE_SECONDS):
                print(f"error: {why}; the others waited for it and are ended", file=sys.stderr)
                self.end()
                os._exit(1)


@contextmanager
def other_processes(hparams: Hyperparameters, argv: Sequence[str]) -> Iterator[OtherProcesses]:
    """Run the block as the machine's first process, beside as many as `--devices` asks for.

    They load what they need while this one does. Where a launcher has started them, or there is one
    device, nothing happens.

    Args:
        hparams: of the run.
        argv: the command line.
    """
    n = _to_start(hparams)
    if not n:
        _end_with_parent()
        yield OtherProcesses()
        return
    before = {name: os.environ.get(name) for name in ("MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK")}
    with _reserved_port() as port:
        if hparams.nodes == 1:
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        os.environ["LOCAL_RANK"] = "0"
        started = OtherProcesses([_start(rank, argv) for rank in range(1, n + 1)])
        threading.Thread(target=started.watch, daemon=True).start()
        try:
            yield started
        finally:
            started.end()
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _to_start(hparams: Hyperparameters) -> int:
    """How many processes this one has to start: none if it was itself started beside others."""
    if place().launcher or "LOCAL_RANK" in os.environ:
        return 0
    return n_local(hparams) - 1


def n_local(hparams: Hyperparameters) -> int:
    """How many processes each machine runs, one for each device."""
    n = n_devices(hparams.devices)
    if n is None and hparams.accelerator in ("auto", "gpu"):
        import torch  # only where the machine must be asked

        return max(1, torch.cuda.device_count())
    return n or 1


def _start(local_rank: int, argv: Sequence[str]) -> subprocess.Popen:
    own = {"LOCAL_RANK": str(local_rank), PARENT: str(os.getpid())}
    command = [sys.executable, "-m", "project.run", *argv]
    return subprocess.Popen(command, env=findable() | own, stdin=subprocess.DEVNULL)


@contextmanager
def _reserved_port() -> Iterator[int]:
    """A port that nobody else gets before the processes meet at it, some seconds from now."""
    with socket.socket() as kept:
        # Bound but not listening: one who names the port may still listen there.
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


def _end_with_parent() -> None:
    """Follow the process that started this one: Ctrl-C is for it to act on, its end is ours."""
    if PARENT not in os.environ:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = int(os.environ[PARENT])

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        # The lost connection is noticed and told by the main thread, unless it waits for a GPU.
        time.sleep(NOTICE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _how(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
