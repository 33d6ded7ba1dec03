"""Kill a sweep's processes at random moments, and compare it with one that nobody disturbed.

`python -m tests.search.killing --kills 100` makes both, of 40 trials on digits with two at once,
and says what it has found; with `--postgres` the storage is a PostgreSQL server that is restarted
on the way, and two folders stand for two machines.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from project.files import read_json
from project.provenance.run import SETTLED
from project.run_directory import OUTCOME, RECORD, SWEEPS, runs_in
from project.search.storage import open_storage
from project.search.values import ENDED, Trial

ROOT = Path(__file__).parents[2]
NAME = "killed"
FLAGS = ("--model", "mlp", "--data", "digits", "--tracker", "none", "--accelerator", "cpu")
SEARCH = ("--search", "learning_rate", "batch_size", "dropout", "hidden_dim")
# Trials that are given up, and others that are not good enough, are in the same order, too.
SEARCH += ("--pruner", "median", "--constraint", "parameters < 20000")


@dataclass
class Sweep:
    """A sweep of one folder and storage.

    Attributes:
        folder: of all runs.
        storage: a file or an address.
        trials: how many.
        epochs: of each.
        joins: whether it takes part in the sweep of another folder.
    """

    folder: Path
    storage: str
    trials: int
    epochs: int
    joins: bool = False

    def start(self) -> subprocess.Popen[bytes]:
        """The same command, each time."""
        words = ["--storage", self.storage, "--exp-dir", str(self.folder), "--jobs", "2"]
        if self.joins:
            words += ["--join", NAME]
        else:
            words += ["--exp-name", NAME, "--trials", str(self.trials), *SEARCH]
            words += ["--", *FLAGS, "--max-epochs", str(self.epochs)]
        command = [sys.executable, "-m", "project.sweep", *words]
        self.folder.mkdir(exist_ok=True)
        with open(self.folder / "said.log", "ab") as log:
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def said(self) -> str:
        """All that its processes have said."""
        return (self.folder / "said.log").read_text()


def family(pid: int) -> list[int]:
    """A process and all that descend from it, as far as they live."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if state != "Z":
            parents[int(path.parent.name)] = int(parent)
    found = [pid] if pid in parents else []
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def disturbed(
    sweeps: Sequence[Sweep],
    kills: int,
    rng: random.Random,
    pause: float,
    between: Callable[[int], None] = lambda kill: None,
) -> int:
    """Carry sweeps out while their processes are killed; returns how many were.

    Args:
        sweeps: of one name and storage, in folders of their own.
        kills: as many at most.
        rng: which chooses moments and victims.
        pause: between two kills, in seconds on average.
        between: is called with the number of each.
    """
    processes = [sweep.start() for sweep in sweeps]
    killed = 0
    while any(process.poll() != 0 for process in processes):
        time.sleep(rng.expovariate(1 / pause) if killed < kills else 0.2)
        for i, process in enumerate(processes):
            if process.poll() not in (None, 0):
                # One that takes part may have been too early, or too late.
                assert process.returncode in (-signal.SIGKILL, 2 * sweeps[i].joins), sweeps[
                    i
                ].said()
                processes[i] = sweeps[i].start()
        victims = [pid for process in processes for pid in family(process.pid)]
        if victims and killed < kills:
            # A supervisor or the process that forks as often as one of those that train.
            try:
                os.kill(rng.choice(victims), signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed += 1
            between(killed)
    return killed


def came(storage: str) -> list[Trial]:
    """All trials of the sweep."""
    with open_storage(storage) as opened:
        return opened.trials(NAME)


def same(trials: Sequence[Trial], expected: Sequence[Trial]) -> Iterator[str]:
    """What is unlike in two sweeps, a line each."""
    if [t.number for t in trials] != [t.number for t in expected]:
        yield f"{len(trials)} trials, not {len(expected)}"
    for one, other in zip(trials, expected, strict=False):
        for name in ("state", "values", "scores", "intermediate"):
            if getattr(one, name) != getattr(other, name):
                told = getattr(one, name), getattr(other, name)
                yield f"trial {one.number}: {name} {told[0]}, not {told[1]}"


def doubled(folders: Sequence[Path], trials: Sequence[Trial]) -> Iterator[str]:
    """Trials with another number of runs that have ended than one, a line each.

    A machine may have the beginnings of a run that another one made anew.
    """
    runs: dict[int, list[str]] = {trial.number: [] for trial in trials}
    unfinished = 0
    for folder in folders:
        for run in runs_in(folder / NAME):
            number = read_json(run / RECORD)["sweep"]["number"]
            if (run / OUTCOME).exists() and read_json(run / OUTCOME)["status"] in SETTLED:
                runs[number].append(run.name)
            else:
                unfinished += 1
    for trial in trials:
        if runs[trial.number] != [trial.run]:
            yield f"trial {trial.number}: its run is {trial.run}, {runs[trial.number]} have ended"
    if unfinished and len(folders) == 1:
        yield f"{unfinished} runs are left that are no trial's"


def compared(
    folder: Path,
    trials: int,
    epochs: int,
    kills: int,
    pause: float,
    seed: int,
    server: tuple[str, Callable[[], None]] | None = None,
) -> list[str]:
    """Make an undisturbed sweep and a disturbed one; returns what is unlike, a line each.

    Args:
        folder: for both.
        server: address of a PostgreSQL database, and what restarts it; None: files of SQLite.
    """
    calm = Sweep(folder / "calm", str(folder / "calm" / SWEEPS), trials, epochs)
    assert calm.start().wait() == 0, calm.said()
    place = server[0] if server else str(folder / "a" / SWEEPS)
    sweeps = [Sweep(folder / "a", place, trials, epochs)]
    if server:
        sweeps.append(Sweep(folder / "b", place, trials, epochs, joins=True))

    def between(kill: int) -> None:
        if server and kill % 20 == 0:
            server[1]()

    began = time.monotonic()
    n = disturbed(sweeps, kills, random.Random(seed), pause, between)
    found, expected = came(place), came(calm.storage)
    problems = [*same(found, expected), *doubled([each.folder for each in sweeps], found)]
    if n < kills:
        problems.append(f"it was over after {n} kills; give more epochs or shorter pauses")
    print(f"{n} kills in {time.monotonic() - began:.0f} s, {len(found)} trials,", end=" ")
    print(f"{sum(one.scores == other.scores for one, other in zip(found, expected))} equal scores,")
    print(*(f"{sum(t.state == state for t in found)} {state}" for state in ENDED), sep=", ")
    return problems


@contextmanager
def _server() -> Iterator[tuple[str, Callable[[], None]]]:
    from tests.compat.postgres import server

    with server() as started:

        def restart() -> None:
            started.stop()
            time.sleep(1.0)
            started.start()

        yield started.uri, restart


def main(argv: Sequence[str]) -> int:
    """Compare; returns 1 if something is unlike."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("trials", 40), ("epochs", 20), ("kills", 100), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--pause", type=float, default=3.0)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        with _server() if asked.postgres else nullcontext() as server:
            what = asked.trials, asked.epochs, asked.kills, asked.pause, asked.seed
            problems = compared(Path(folder), *what, server)
        for line in problems:
            print(line)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
