"""Seconds of training whose curves are sent to the embedded store, beside no tracker.

And the seconds that its threads waited for a core, in which the tracker's process shows that takes
one; other noise of the machine does not.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._processes import project
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.tracking.mlflow.settings import embedded_path
from project.tracking.mlflow.store import embedded_store

FLAGS = (
    "--exp-name bench --data synthetic --synthetic-shape 1 28 28 --synthetic-samples 60000"
    " --model mlp --accelerator cpu"
).split()
CASES = {"none": (), "mlflow": (), "mlflow, each 50 steps": ("--log-every", "50")}
GOALS = (Goal("mlflow", "none", below=1.05), Goal("mlflow, each 50 steps", "none", below=1.01))
WAITS = (Goal("mlflow", "none"), Goal("mlflow, each 50 steps", "none"))
# In the order of what `trained` returns.
PARTS = {"all of the training": GOALS, "its second half": GOALS, "waits for a core": WAITS}


def measure(quick: bool) -> Iterator[Result]:
    """From the first epoch's end, and the second half; into a store that earlier runs have made."""
    size = ("--max-epochs", "3", "--limit-batches", "60") if quick else ("--max-epochs", "30")
    with TemporaryDirectory() as folder:
        embedded_store(Path(folder))
        cases = {name: _case(name, embedded_path(Path(folder)), size) for name in CASES}
        found = take_turns(cases, n=1 if quick else 7, warm_up=not quick)
    for i, (part, goals) in enumerate(PARTS.items()):
        values = {name: [each[i] for each in all] for name, all in found.items()}
        yield Result(f"curves into the embedded store, {part}", "s", values, goals)


def _case(name: str, store: Path, size: tuple[str, ...]) -> Callable[[], tuple[float, ...]]:
    tracker = name.split(",")[0]
    return lambda: trained(store, "--tracker", tracker, *size, *CASES[name])


def trained(store: Path, *flags: str) -> tuple[float, float, float]:
    """Seconds from the end of the first epoch to that of the last; from the middle one's; waits."""
    run = project(*FLAGS, *flags, store=store)
    first, middle, last = run.epochs[0], run.epochs[len(run.epochs) // 2], run.epochs[-1]
    return last - first, last - middle, run.waited


if __name__ == "__main__":
    run(measure)
