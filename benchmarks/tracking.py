"""Seconds of training whose curves are sent to the embedded store, beside no tracker."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._processes import project
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

FLAGS = (
    "--exp-name bench --data synthetic --synthetic-shape 1 28 28 --synthetic-samples 60000"
    " --model mlp --accelerator cpu"
).split()
CASES = {"none": (), "mlflow": (), "mlflow, each 50 steps": ("--log-every", "50")}
GOALS = (Goal("mlflow", "none", below=1.05), Goal("mlflow, each 50 steps", "none", below=1.01))


def measure(quick: bool) -> Iterator[Result]:
    """The whole of it, with the start of the tracker's process and store; and the second half."""
    size = ("--max-epochs", "3", "--limit-batches", "60") if quick else ("--max-epochs", "30")
    cases = {
        name: lambda name=name, flags=flags: trained("--tracker", name.split(",")[0], *size, *flags)
        for name, flags in CASES.items()
    }
    both = take_turns(cases, n=1 if quick else 5, warm_up=not quick)
    for i, part in enumerate(("all of the training", "its second half")):
        values = {name: [pair[i] for pair in pairs] for name, pairs in both.items()}
        yield Result(f"curves into the embedded store, {part}", "s", values, GOALS)


def trained(*flags: str) -> tuple[float, float]:
    """Seconds from the end of the first epoch to that of the last, and from the middle one's on."""
    epochs = project(*FLAGS, *flags).epochs
    return epochs[-1] - epochs[0], epochs[-1] - epochs[len(epochs) // 2]


if __name__ == "__main__":
    run(measure)
