"""Kills the server with -9 again and again while unmodified clients log; then compares every point.

python -m tests.compat.exactly_once [--store postgresql] [--clients 4] [--points 100000] ...
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import orjson

from project.server.address import client_token
from project.server.settings import LOCAL_PROJECT
from tests.compat.postgres import postgres

ROOT = Path(__file__).parents[2]
OPENER = build_opener(ProxyHandler({}))
# As in exactly_once_client.py.
AT_ONCE, START = 10, 1_700_000_000


def main() -> int:
    """Returns 0 if every point is there once, in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--points", type=int, default=100_000, help="of each client")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        uri = stack.enter_context(postgres()) if arguments.store == "postgresql" else None
        server = Server(folder, uri, arguments.workers)
        stack.callback(server.kill)
        wrong = trial(server, arguments.clients, arguments.points, arguments.kills, arguments.seed)
    print("\n".join(wrong) or "every point is there once, in order")
    return 1 if wrong else 0


class Server:
    """`python -m project.serve`, which can be killed and started again at the same address."""

    def __init__(self, folder: Path, uri: str | None, workers: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.arguments = ["--exp-dir", str(folder), "--port", str(port), "--workers", str(workers)]
        self._environment = os.environ | ({"MLFLOW_BACKEND_STORE_URI": uri} if uri else {})
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = self.run("-m", "project.serve", *self.arguments, start_new_session=True)
        self.await_answer()

    def run(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        """Start Python; what it says goes to a log."""
        options |= {"cwd": ROOT, "env": self._environment, "text": True}
        with (self.folder / "server.log").open("ab") as log:
            options = {"stdout": log, "stderr": log, **options}
            return subprocess.Popen([sys.executable, *argv], **options)

    def await_answer(self) -> None:
        """Wait until the server answers."""
        while self._process.poll() is None:
            try:
                OPENER.open(f"{self.url}/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "server.log").read_text())

    def client(self, argv: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        """Start Python as a client of this server."""
        command = [sys.executable, *argv]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def kill(self) -> None:
        """End all its processes as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def get(self, path: str, **query: Any) -> Any:
        """What the API answers."""
        with OPENER.open(f"{self.url}/api/leaderboard/v1/{path}?{urlencode(query)}") as answer:
            return orjson.loads(answer.read())


def trial(server: Server, n: int, points: int, kills: int, seed: int = 0) -> list[str]:
    """Let clients log while the server is killed; returns what is wrong afterwards."""
    moments = random.Random(seed)
    with clients(server, n, points) as (processes, runs):
        for number in range(1, kills + 1):
            before = size(server, runs)
            while size(server, runs) == before and any(p.poll() is None for p in processes):
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 1))
            print(f"kill {number} after {size(server, runs)} points", flush=True)
            server.kill()
            server.start()
        codes = [process.wait() for process in processes]
    wrong = [f"client {number} ended with code {code}" for number, code in enumerate(codes) if code]
    return wrong + [error for run in runs for error in differences(server, run, points // 4)]


def size(server: Server, runs: list[str]) -> int:
    """The number of points that the server has of the curves with steps of their own."""
    return sum(len_of(server, run, "stepped") for run in runs)


def len_of(server: Server, run: str, curve: str) -> int:
    """The number of points of a curve, which may not be there yet."""
    try:
        return page(server, "float", run, curve, 0, 0)["totalItemCount"]
    except HTTPError as error:
        if error.code != 404:
            raise
        return 0


def differences(server: Server, run: str, n: int) -> list[str]:
    """How the run differs from what its client logged: n points of each curve, n / 10 lines."""
    values = [step / 7 for step in range(n)]
    times = [int((START + step / 1000) * 1000) for step in range(n)]  # as the client rounds them
    expected: dict[str, list[tuple[Any, ...]]] = {
        "stepped": list(zip(range(n), values, times, strict=True)),
        "fractional": [(s / 4, v, t) for s, (v, t) in enumerate(zip(values, times, strict=True))],
        "stepless": list(enumerate(values)),
        "constant": [(step, 1.0) for step in range(n)],
        "log": [(i, f"line {i * AT_ONCE}") for i in range(n // AT_ONCE)],
    }
    found = {name: everything(server, run, name) for name in expected}
    wrong = []
    for name, points in expected.items():
        there = [point[: len(points[0])] for point in found[name]]
        if there != points:
            first = next((a, b) for a, b in zip_longest(there, points) if a != b)
            wrong.append(f"{run} {name}: {len(there)} of {len(points)}; {first[0]} for {first[1]}")
    return wrong


def everything(server: Server, run: str, name: str) -> list[tuple[float, Any, int]]:
    """All (step, value, timestamp) of a series."""
    kind, found = "string" if name == "log" else "float", []
    while True:
        part = page(server, kind, run, name, len(found), 10_000)
        found += [(v["step"], v["value"], v["timestampMillis"]) for v in part["values"]]
        if not part["values"]:
            assert len(found) == part["totalItemCount"]
            return found


def page(server: Server, kind: str, run: str, name: str, offset: int, limit: int) -> Any:
    """A page of a series, as the API answers it."""
    container = f"{'/'.join(LOCAL_PROJECT)}/{run}"
    where = {"experimentId": container, "attribute": name, "offset": offset, "limit": limit}
    return server.get(f"attributes/series/{kind}", **where)


@contextmanager
def clients(
    server: Server, n: int, points: int
) -> Iterator[tuple[list[subprocess.Popen[str]], list[str]]]:
    """Processes with the unmodified client, and the ids of the runs that they log to."""
    environment = os.environ | {
        "NEPTUNE_API_TOKEN": client_token(server.url, "local"),
        "NEPTUNE_PROJECT": "/".join(LOCAL_PROJECT),
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
        "NO_PROXY": "127.0.0.1",
        # Many small batches, so that each kill hits some.
        "NEPTUNE_ASYNC_BATCH_SIZE": "20",
        "NEPTUNE_DATA_DIRECTORY": str(server.folder / ".neptune"),
        "PYTHONWARNINGS": "ignore",
    }
    command = [str(Path(__file__).with_name("exactly_once_client.py")), str(points)]
    processes = [server.client(command, environment) for _ in range(n)]
    try:
        yield processes, [process.stdout.readline().strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    sys.exit(main())
