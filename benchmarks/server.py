"""Milliseconds of the server's answers while 8 clients log, beside MLflow's API on its store."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import quote

from benchmarks._turns import compare
from project.files.root import ROOT

RUNS, ATTRIBUTES, CLIENTS = 1000, 50, 8
PROJECT = "local/runs"
# Before each table: during MLflow's search the clients wait for the server, and catch up after it.
REST = 2.0  # seconds
LEADERBOARD = "/api/leaderboard/v1"
# 20 curves, 20 times a second: more than a training that is not waiting for its logger.
LOGGING = """
import time, neptune
quiet = dict.fromkeys(("stdout", "stderr", "hardware_metrics", "traceback"), False)
with neptune.init_run(**{f"capture_{name}": value for name, value in quiet.items()}) as run:
    print("logging", flush=True)
    while True:
        for curve in range(20):
            run[f"curve/{curve}"].append(time.time())
        time.sleep(0.05)
"""


class Api:
    """One kept connection to the server."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(url.removeprefix("http://"))

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """The answer, which must be 200."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return content


@contextmanager
def serving(folder: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A server with its defaults; its address, and what a client's environment needs."""
    command = [sys.executable, "-m", "project.serve", "--exp-dir", folder, "--port", "5079"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            while "NEPTUNE_PROJECT=" not in said:
                said += process.stdout.readline()
            environment = dict(re.findall(r"export (\w+)=(\S+)", said))
            yield "http://127.0.0.1:5079", environment
        finally:
            process.terminate()


@contextmanager
def logging(environment: dict[str, str], folder: str) -> Iterator[None]:
    """Unmodified clients that log as long as this lasts."""
    environment = {**os.environ, **environment, "OAUTHLIB_INSECURE_TRANSPORT": "1"}
    environment |= {"PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"}
    options = {"cwd": folder, "env": environment, "text": True}
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen([sys.executable, "-c", LOGGING], **options) for _ in range(CLIENTS)
    ]
    try:
        for process in processes:
            while process.stdout.readline() != "logging\n":
                assert process.poll() is None
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def fill(api: Api) -> None:
    """Make the runs, with floats, strings, ints and curves."""
    for number in range(RUNS):
        body = {"projectIdentifier": PROJECT, "type": "run"}
        run = json.loads(api.ask("POST", f"{LEADERBOARD}/experiments", body))
        operations = [_operation(i, number) for i in range(ATTRIBUTES)]
        path = f"{LEADERBOARD}/attributes/operations?experimentId={run['id']}"
        assert api.ask("POST", path, operations) == b"[]"


def _operation(i: int, number: int) -> dict[str, object]:
    path = f"group/{i}"
    if i % 4 == 0:
        entry = {"value": number / (i + 1), "timestampMilliseconds": 1, "step": 1}
        return {"path": path, "logFloats": {"entries": [entry]}}
    name = ("assignFloat", "assignInt", "assignString")[i % 4 - 1]
    return {"path": path, name: {"value": (number / 7, number, f"value {number}")[i % 4 - 1]}}


def rested(work: Callable[[], object]) -> float:
    """How long the work takes once the clients have caught up, in milliseconds."""
    time.sleep(REST)
    return milliseconds(work)


def milliseconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """The table of 1,000 runs with 50 attributes, sorted by a curve; and a small request."""
    with tempfile.TemporaryDirectory() as folder, serving(folder) as (url, environment):
        api = Api(url)
        fill(api)
        name = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=" + quote(PROJECT, "")
        experiment = json.loads(api.ask("GET", name))["experiment"]["experiment_id"]
        theirs = {"experiment_ids": [experiment], "max_results": RUNS}
        theirs["order_by"] = ["metrics.`group/0`"]
        by = {"dir": "ascending", "sortBy": {"name": "group/0", "type": "floatSeries"}}
        ours = {"sorting": by, "pagination": {"limit": RUNS, "offset": 0}}
        table = f"{LEADERBOARD}/leaderboard/entries/search?type=run&projectIdentifier={PROJECT}"
        small = f"/api/backend/v1/projects/get?projectIdentifier={PROJECT}"
        large = {
            "MLflow's search": lambda: rested(
                lambda: api.ask("POST", "/api/2.0/mlflow/runs/search", theirs)
            ),
            "the table of runs": lambda: rested(lambda: api.ask("POST", table, ours)),
        }
        little = {
            "MLflow's version": lambda: milliseconds(lambda: api.ask("GET", "/version")),
            "a project": lambda: milliseconds(lambda: api.ask("GET", small)),
        }
        print("  nobody logs")
        compare(large, n=7)
        compare(little, n=201)
        with logging(environment, folder):
            print(f"  {CLIENTS} clients log")
            compare(large, n=7)
            compare(little, n=201)


if __name__ == "__main__":
    main()
