"""Seconds from the start of a run by defaults to its table of results, beside a raw script's.

The raw one trains, evaluates, saves the best model and tests it; ours also records the run, and
has a tracker send it to the embedded store. When the prompt comes back is told beside it: what the
tracker lacks by then is sent after the table, and Ctrl-C leaves it to the background.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._processes import seconds_to_line, wait_for_followers
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.tracking.mlflow.store import embedded_store

RAW = ("-m", "benchmarks.peers.raw_run")
OURS = ("-m", "project.run", "--exp-name", "bench", "--accelerator", "cpu")
EXISTING, NEW = "project, existing store", "project, new store"
GOALS = (Goal(EXISTING, "raw script", below=1.15), Goal(NEW, "raw script", below=1.3))
TOLD = (Goal(EXISTING, "raw script"), Goal(NEW, "raw script"))


def measure(quick: bool) -> Iterator[Result]:
    """The default data, model and number of epochs."""
    ours, theirs = ("--max-epochs 1 --limit-batches 2".split(), "--epochs 1".split())
    if not quick:
        ours = theirs = []
    with TemporaryDirectory() as folder:
        # Runs that are measured find it as the first one has left it.
        embedded_store(Path(folder))
        cases = {
            "raw script": lambda: seconds_to_line("test: ", *RAW, *theirs),
            EXISTING: lambda: project(Path(folder), *ours),
            NEW: lambda: in_a_new_folder(*ours),
        }
        found = take_turns(cases, n=1 if quick else 7, warm_up=not quick)
    for i, (what, goals) in enumerate({"table of results": GOALS, "prompt": TOLD}.items()):
        values = {name: [each[i] for each in all] for name, all in found.items()}
        yield Result(f"process start to {what}, a whole run, digits, CNN", "s", values, goals)


def in_a_new_folder(*flags: str) -> tuple[float, float]:
    """A run where none was before."""
    with TemporaryDirectory() as folder:
        return project(Path(folder), *flags)


def project(exp_dir: Path, *flags: str) -> tuple[float, float]:
    """Seconds to the last line of the table, and to the end of the command."""
    taken = seconds_to_line("compare it", *OURS, "--exp-dir", str(exp_dir), *flags)
    wait_for_followers(str(exp_dir))
    return taken


if __name__ == "__main__":
    run(measure)
