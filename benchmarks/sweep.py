"""Seconds of a trial of a sweep, complete with its record, beside Optuna around a raw loop."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

FLAGS = "--model mlp --max-epochs 5 --accelerator cpu --tracker none".split()
PEER = "benchmarks.peers.optuna_raw:seconds_a_trial"
RAW, OURS = "Optuna around a raw loop", "project.sweep"
COST = (Goal(OURS, RAW, below=4),)
GAIN = (Goal(OURS, RAW, at_least=0.9),)


def measure(quick: bool) -> Iterator[Result]:
    """The digits' MLP, 5 epochs, one thread: trials of one worker, and what a second one gains."""
    n = 3 if quick else 20
    with Contestants(not quick, OMP_NUM_THREADS="1") as start:
        raw, other = start(PEER, FLAGS, n), start(PEER, FLAGS, n)
        cases = {
            RAW: raw,
            OURS: lambda: trials(n, 1),
            "two of the former at once": lambda: at_once(raw, other),
            "two jobs": lambda: trials(n, 2),
        }
        values = take_turns(cases, n=1 if quick else 5, warm_up=not quick)
    alone = {name: values[name] for name in (RAW, OURS)}
    yield Result("a trial of the digits' MLP, 5 epochs", "s", alone, COST)
    both = {RAW: values["two of the former at once"], OURS: values["two jobs"]}
    gain = {
        name: [one / two for one, two in zip(alone[name], both[name], strict=True)]
        for name in alone
    }
    yield Result("trials a second of two workers, one worker's as 1", "times", gain, GAIN)


def trials(n: int, jobs: int) -> float:
    """Seconds a trial of a sweep once it is on its way, by when its runs have ended."""
    with TemporaryDirectory() as folder:
        own = ["--exp-name", "timed", "--exp-dir", folder, "--threads", "1", "--window", "2"]
        own += ["--trials", str(n + jobs), "--jobs", str(jobs), "--search", "learning_rate"]
        command = [sys.executable, "-m", "project.sweep", *own, "--", *FLAGS]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        outcomes = Path(folder, "timed").glob("*/outcome.json")
        told = [json.loads(path.read_text())["ended"] for path in outcomes]
    ended = sorted(datetime.fromisoformat(moment).timestamp() for moment in told)
    # Those that were begun first are not counted: with the last of them, the clock starts.
    return (ended[-1] - ended[jobs - 1]) / n


def at_once(*cases: Callable[[], float]) -> float:
    """Seconds a trial of all of them together, where each has a core."""
    with ThreadPoolExecutor(len(cases)) as pool:
        return mean(pool.map(lambda case: case(), cases)) / len(cases)


if __name__ == "__main__":
    run(measure)
