"""Largest resident set of a whole run, beside a raw script's; over epochs; in evaluated samples."""

from collections.abc import Callable, Iterator

from benchmarks._command import run
from benchmarks._processes import peak, project
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

CPU = ("--accelerator", "cpu")
IMAGES = "--data synthetic --synthetic-shape 1 28 28 --synthetic-samples 60000".split()
# Large for a test and small for anything else; scored in batches of 1,024.
TESTED = (
    "--data synthetic --synthetic-samples 1000000 --test-fraction 0.98 --val-fraction 0.01"
    " --model mlp --max-epochs 1 --batch-size 1024"
).split()


def measure(quick: bool) -> Iterator[Result]:
    """The peak, as the system accounts for it when the process ends."""
    n, epochs = (1, "1") if quick else (3, "5")
    yield beside("digits, CNN", ours(epochs=epochs), raw("--epochs", epochs), n)
    if quick:
        return
    images = ours(*IMAGES, "--model", "mlp"), raw("--data", "random", "--model", "mlp")
    yield beside("60,000 of 28x28, MLP", *images, n)
    yield constant("in epochs", "40 epochs", "2", ours(epochs="40"), ours(epochs="2"), n)
    all_of_it, little = ours(*TESTED), ours(*TESTED, "--limit-batches", "2")
    yield constant("in evaluated samples", "980,000", "2,048", all_of_it, little, n)


def beside(title: str, ours: Callable, theirs: Callable, n: int) -> Result:
    """Ours and the raw script's."""
    values = take_turns({"raw script": theirs, "project": ours}, n, warm_up=0)
    goals = (Goal("project", "raw script", below=1.15),)
    return Result(f"peak resident set, {title}", "bytes", values, goals)


def constant(what: str, much: str, little: str, large: Callable, small: Callable, n: int) -> Result:
    """Ours of two sizes."""
    values = take_turns({little: small, much: large}, n, warm_up=0)
    return Result(
        f"peak resident set, constant {what}", "bytes", values, (Goal(much, little, below=1.02),)
    )


def ours(*flags: str, epochs: str = "1") -> Callable[[], float]:
    """A run of the project."""
    return lambda: project("--max-epochs", epochs, *CPU, *flags).peak


def raw(*arguments: str) -> Callable[[], float]:
    """A run of the raw script."""
    return lambda: peak("-m", "benchmarks.peers.raw_script", *arguments)


if __name__ == "__main__":
    run(measure)
