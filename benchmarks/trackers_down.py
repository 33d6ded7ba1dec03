"""Seconds of a run whose Neptune server is away, or hangs, works, stalls and dies, beside none.

Where the machine's speed varies by more than a tracker could take, what it takes shows in the
seconds that the run's own threads were ready to go on but waited for a core; these are counted
by the system.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from benchmarks._processes import SILENT, end
from benchmarks._turns import lines, take_turns
from project.files.root import ROOT
from project.server.address import client_token

# Some half a minute of training: a server has time to come and to go.
FLAGS = "--exp-name bench --model cnn --width 32 --max-epochs 240 --tracker".split()
# Seconds from the start of the command: when its server comes, begins to stall, and dies.
COMES, STALLS, DIES = 9.0, 15.0, 21.0
SERVE = """
import os, sys
from project import serve
os.nice(19)
if os.path.exists("/proc/self/autogroup"):
    open("/proc/self/autogroup", "w").write("19")
sys.exit(serve.main(sys.argv[1:]))
"""


class Measured(NamedTuple):
    """Seconds of a run.

    Attributes:
        duration: of training, tests and records, as the run itself states it, every step logged.
        waited: as of `Finished`.
    """

    duration: float
    waited: float


def measure(
    tracker: str, around: Callable[[Path, int], AbstractContextManager[None]] | None = None
) -> Measured:
    """A run with this tracker, while `around`, given a folder and a port, goes on."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = free_port()
        if around is not None:
            stack.enter_context(around(Path(folder), port))
        token = client_token(f"http://127.0.0.1:{port}", "local")
        run = subprocess.Popen(
            [sys.executable, "-m", "project.run", *FLAGS, tracker, "--exp-dir", folder],
            cwd=ROOT,
            env=os.environ | {"NEPTUNE_API_TOKEN": token, "NEPTUNE_PROJECT": "local/runs"},
            **SILENT,
        )
        waited = end(run).waited
        (outcome,) = Path(folder).glob("bench/*/outcome.json")
        return Measured(json.loads(outcome.read_text())["duration"], waited)


@contextmanager
def unsteady(folder: Path, port: int) -> Iterator[None]:
    """A server that hangs at first, then works, then stalls nine tenths of the time, then dies."""
    # It stands for one on another machine, so it must not take this one's cores from training.
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, "--exp-dir", folder, "--port", str(port)],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as server:
        server.stdout.readline()  # it answers
        server.send_signal(signal.SIGSTOP)
        over = Event()
        thread = Thread(target=live_and_die, args=(server, over))
        thread.start()
        yield
        over.set()
        thread.join()


def live_and_die(server: subprocess.Popen[bytes], over: Event) -> None:
    """Carry out what `unsteady` says, from its start to the run's end at the latest."""
    over.wait(COMES)
    server.send_signal(signal.SIGCONT)
    over.wait(STALLS - COMES)
    for _ in range(round(DIES - STALLS)):
        server.send_signal(signal.SIGSTOP)
        over.wait(0.9)
        server.send_signal(signal.SIGCONT)
        over.wait(0.1)
    server.kill()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def main() -> None:
    """No tracker; a server that is away all the time; one that hangs, works, stalls and dies."""
    parser = ArgumentParser(prog="python -m benchmarks.trackers_down")
    parser.add_argument("--turns", type=int, default=9)
    cases = {
        "--tracker none": lambda: measure("none"),
        "neptune, server away": lambda: measure("neptune"),
        "neptune, server unsteady": lambda: measure("neptune", unsteady),
    }
    found = take_turns(cases, parser.parse_args().turns)
    for i, title in enumerate(("a run", "its threads' waits for a core")):
        print(f"{title} [s]")
        print(*lines({name: [each[i] for each in all] for name, all in found.items()}), sep="\n")


if __name__ == "__main__":
    main()
