"""Whole runs and the project's own Neptune server, which is away, comes, stalls and goes."""

import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from project.tracking.follower import Follower
from tests import forks
from tests.forks import Fork
from tests.tracking.neptune_client import ROOT
from tests.tracking.neptune_server import Entry, Server

pytestmark = pytest.mark.long

# Longer than any test: a signal ends it. Slow, so that it leaves the cores to the others.
TRAIN = """
import sys, time
from project.main import main
from project.solver import Solver
train = Solver.training_step
Solver.training_step = lambda *arguments: time.sleep(0.1) or train(*arguments)
sys.exit(main(sys.argv[1:]))
"""
FLAGS = "--exp-name sent --model mlp --hidden-dim 16 --max-epochs 100000".split()
SYNC = "-m project.sync --tracker neptune".split()
IMPATIENT = {"NEPTUNE_REQUEST_TIMEOUT": "2", "NEPTUNE_RETRIES_TIMEOUT": "1"}


@contextmanager
def training(home: Path, environment: dict[str, str], *flags: str) -> Iterator[Fork]:
    """A run in a process of its own, killed at the end at the latest."""
    with open(home / "run.log", "wb") as log:
        process = forks.python(["-c", TRAIN, *FLAGS, *flags], mine(environment), home, log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def mine(environment: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", **environment}


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` returns once that is true."""
    while not (found := condition()):
        time.sleep(0.05)
    return found


def logged(run: Path) -> dict[str, list[tuple[int, int, float]]]:
    """Every point of the run's journal by name: (step, time in ms, value), in order."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    for line in (run / "journal.jsonl").read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):  # the last one may be torn
            record = json.loads(line)
            for name, value in record["metrics"].items():
                point = (record["step"], round(record["time"] * 1000), float(value))
                found.setdefault(name, []).append(point)
    return found


def epochs(journal: Path) -> int:
    return journal.read_bytes().count(b"val_accuracy")


def assert_all_there(run: Path) -> Entry:
    """Compare what the server has with the run's directory, point by point."""
    entry, points = Entry(state(run)["remote"]["id"]), logged(run)
    assert len(points["train_loss"]) > 20 and "val_accuracy" in points
    curves = {path for path, kind in entry.types.items() if kind == "floatSeries"}
    outcome = run / "outcome.json"  # a run that was killed has none
    best = json.loads(outcome.read_text())["best"] if outcome.exists() else {"metrics": {}}
    whole = {f"best/{name}": value for name, value in best["metrics"].items() if "/" not in name}
    assert curves == {f"training/{name}" for name in points.keys() | whole.keys()}
    for name, value in whole.items():
        (point,) = entry.series(f"training/{name}")
        assert (point[0], point[2]) == (best["step"], value)
    for name, expected in points.items():
        assert all(math.isfinite(value) for _, _, value in expected)
        assert entry.series(f"training/{name}") == expected, name
    assert entry.file("record") == (run / "record.json").read_bytes()
    return entry


def state(run: Path) -> dict[str, Any]:
    """What is remembered of the run's way to Neptune."""
    path = run / "tracking" / "neptune.json"
    return json.loads(path.read_text()) if path.exists() else {}


@pytest.mark.nightly
def test_sync_completes_a_run_that_was_killed_while_offline(server: Server, tmp_path: Path) -> None:
    exp_dir = tmp_path / "experiments"
    with training(tmp_path, {}, "--neptune-mode", "offline") as process:
        (journal,) = until(lambda: list(exp_dir.glob("sent/*/journal.jsonl")))
        run = journal.parent
        until(lambda: epochs(journal) > 2 and state(run).get("points"))
        process.kill()
    # Its follower sees that, and has ended when it lets go of the lock.
    with Follower(run, "neptune", wait=True):
        pass
    assert state(run)["remote"]["id"].startswith("offline/")

    said = forks.told([*SYNC, run.name], mine(server.environment), tmp_path)
    n = sum(map(len, logged(run).values()))
    assert said.startswith(f"neptune: {run.name}: {n:,} points and ")
    entry = assert_all_there(run)
    assert entry.values["sys/failed"] is True and entry.values["result/status"] == "lost"


@pytest.mark.nightly
def test_all_arrives_at_a_server_that_comes_stalls_dies_and_comes_again(
    coming: Server, tmp_path: Path
) -> None:
    def taken() -> int:
        return state(run).get("points", 0)

    with training(tmp_path, {**coming.environment, **IMPATIENT}, "--tracker", "neptune") as process:
        (journal,) = until(lambda: list(tmp_path.glob("experiments/sent/*/journal.jsonl")))
        run = journal.parent
        until(lambda: "does not answer" in (state(run).get("error") or ""))
        coming.start()
        until(taken)
        coming.signal(signal.SIGSTOP)
        until(lambda: state(run)["error"])
        coming.signal(signal.SIGCONT)
        before = taken()
        until(lambda: taken() > before)
        coming.kill()
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert json.loads((run / "outcome.json").read_text())["status"] == "interrupted"
    coming.start()
    until(lambda: state(run)["closed"])
    entry = assert_all_there(run)
    assert entry.values["sys/failed"] is True and entry.values["result/status"] == "interrupted"
