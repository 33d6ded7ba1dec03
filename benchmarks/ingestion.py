"""Points per second that arrive from the Neptune client, beside MLflow's own on one store."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import orjson
import psutil

from benchmarks._turns import compare
from project.files.root import ROOT
from tests.compat.postgres import binaries, postgres

# Of each turn; with the one that does not count, each client sends a million.
POINTS, TURNS, CURVES, PORT = 250_000, 3, 10, 5078
# What both log: curves side by side, as a training does, 1,000 steps at a time.
LOGGED = """
import sys, time
import neptune, mlflow
from mlflow.entities import Metric
url, points, curves = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def pieces():
    for start in range(0, points // curves, 1000):
        for curve in range(curves):
            steps = list(range(start, start + 1000))
            yield f"curve/{curve}", [s / 7 for s in steps], [1.7e9 + s / 10 for s in steps], steps
"""
NEPTUNE = """
quiet = dict.fromkeys(("stdout", "stderr", "hardware_metrics", "traceback"), False)
quiet = {f"capture_{name}": value for name, value in quiet.items()}
with neptune.init_run(source_files=[], git_ref=False, **quiet) as run:
    run.wait()
    began = time.perf_counter()
    for name, values, times, steps in pieces():
        run[name].extend(values, steps=steps, timestamps=times)
    run.wait()
    print("seconds", time.perf_counter() - began)
"""
MLFLOW = """
client = mlflow.MlflowClient(url)
run = client.create_run("0").info.run_id
began = time.perf_counter()
for name, values, times, steps in pieces():
    points = zip(values, times, steps)
    client.log_batch(run, [Metric(name, v, round(t * 1000), s) for v, t, s in points])
print("seconds", time.perf_counter() - began)
"""


@contextmanager
def serving(folder: str, store: str | None) -> Iterator[tuple[psutil.Process, dict[str, str]]]:
    """A server with its defaults; its process, and what a client's environment needs."""
    command = [sys.executable, "-m", "project.serve", "--exp-dir", folder, "--port", f"{PORT}"]
    environment = {**os.environ, **({"MLFLOW_BACKEND_STORE_URI": store} if store else {})}
    options = {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as process:
        try:
            said = ""
            while "NEPTUNE_PROJECT=" not in said:
                assert process.poll() is None
                said += process.stdout.readline()
            yield psutil.Process(process.pid), dict(re.findall(r"export (\w+)=(\S+)", said))
        finally:
            process.terminate()


def points_per_second(code: str, folder: str, environment: dict[str, str]) -> float:
    """What the client itself measures, from the first point to the server's last answer."""
    environment = {**os.environ, **environment, "OAUTHLIB_INSECURE_TRANSPORT": "1"}
    environment |= {"PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1"}
    arguments = [f"http://127.0.0.1:{PORT}", f"{POINTS}", f"{CURVES}"]
    command = [sys.executable, "-c", LOGGED + code, *arguments]
    options = {"cwd": folder, "env": environment, "text": True, "check": True}
    said = subprocess.run(command, stdout=subprocess.PIPE, **options).stdout
    return POINTS / float(re.search(r"^seconds (\S+)$", said, re.MULTILINE)[1])


class Connection:
    """A kept connection, and a run to write to."""

    def __init__(self) -> None:
        self._connection = HTTPConnection("127.0.0.1", PORT)
        self._step = 0
        body = {"projectIdentifier": "local/runs", "type": "run"}
        run = self._post("/api/leaderboard/v1/experiments", body)["id"]
        self._ours = f"/api/leaderboard/v1/attributes/operations?experimentId={run}"
        self._run = run.replace("-", "")

    def neptune(self) -> float:
        """Milliseconds to log one point through Neptune's protocol."""
        self._step += 1
        point = {"value": 0.5, "step": self._step, "timestampMilliseconds": 1}
        return self._time(self._ours, [{"path": "a", "logFloats": {"entries": [point]}}])

    def mlflow(self) -> float:
        """Milliseconds to log one through MLflow's."""
        self._step += 1
        body = {"run_id": self._run, "key": "b", "value": 0.5, "timestamp": 1, "step": self._step}
        return self._time("/api/2.0/mlflow/runs/log-metric", body)

    def _time(self, path: str, body: object) -> float:
        began = time.perf_counter()
        self._post(path, body)
        return (time.perf_counter() - began) * 1000

    def _post(self, path: str, body: object) -> dict:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", path, orjson.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return orjson.loads(content)


def measure(name: str, store: str | None) -> None:
    """Both clients in turns, the server's memory meanwhile, and single points."""
    with tempfile.TemporaryDirectory() as folder, serving(folder, store) as (server, environment):
        memory = []

        def client(code: str) -> Callable[[], float]:
            def run() -> float:
                speed = points_per_second(code, folder, environment)
                memory.append(server.memory_info().rss / 2**20)
                return speed

            return run

        print(f"  {name}, points a second, {POINTS * (TURNS + 1):,} from each client")
        compare({"MLflow's client": client(MLFLOW), "Neptune's client": client(NEPTUNE)}, TURNS)
        print(f"  the server's memory after each turn: {', '.join(f'{m:.0f}' for m in memory)} MiB")
        print(f"  {name}, milliseconds for one point")
        connection = Connection()
        compare({"MLflow's API": connection.mlflow, "Neptune's API": connection.neptune}, 200)


def main() -> None:
    """On SQLite, and on PostgreSQL where it is installed."""
    measure("SQLite", None)
    if binaries():
        with postgres() as uri:
            measure("PostgreSQL", uri)


if __name__ == "__main__":
    main()
