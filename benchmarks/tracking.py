"""Seconds of training whose every step is sent to the embedded store, beside no tracker."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._processes import project
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

FLAGS = (
    "--exp-name bench --data synthetic --synthetic-shape 1 28 28 --synthetic-samples 60000"
    " --model mlp --accelerator cpu"
).split()
GOALS = (Goal("mlflow", "none", below=1.05),)
NOTE = "every step is logged: there is no flag to log fewer"


def measure(quick: bool) -> Iterator[Result]:
    """The whole of it, with the start of the tracker's process and store; and the second half."""
    size = ("--max-epochs", "1", "--limit-batches", "40") if quick else ("--max-epochs", "30")
    cases = {
        tracker: lambda tracker=tracker: trained("--tracker", tracker, *size)
        for tracker in ("none", "mlflow")
    }
    both = take_turns(cases, n=1 if quick else 3, warm_up=not quick)
    for i, part in enumerate(("all of the training", "its second half")):
        values = {name: [pair[i] for pair in pairs] for name, pairs in both.items()}
        yield Result(f"curves into the embedded store, {part}", "s", values, GOALS, NOTE)


def trained(*flags: str) -> tuple[float, float]:
    """Seconds between the first and the last step's log, and between the middle and the last."""
    times = project(*FLAGS, *flags).times
    last = max(times)
    return times[last] - times[1], times[last] - times[last // 2]


if __name__ == "__main__":
    run(measure)
