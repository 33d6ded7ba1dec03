"""Training samples per second, every loss logged, beside a raw loop and the templates."""

from collections.abc import Iterator

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.training.runtime import WAITING

MNIST = (
    "--data synthetic --synthetic-shape 1 28 28 --val-fraction 0.02 --test-fraction 0.02"
    " --synthetic-samples"
)
# Title, flags, epochs of the slow peers, and the goals against the raw loop and the template.
TASKS = (
    ("digits, MLP", "--model mlp --max-epochs 30", 4, 0.85, 12),
    ("60,000 of 28x28, MLP", f"{MNIST} 60000 --model mlp --max-epochs 3", 1, 0.95, 6),
    ("2,600 of 28x28, CNN", f"{MNIST} 2600 --model cnn --max-epochs 2", 1, 0.95, None),
)
# Seconds between epochs, about what the project validates the digits in.
REST = 0.005
QUICK = "--max-epochs 1 --limit-batches 2 --synthetic-samples 300"


def measure(quick: bool) -> Iterator[Result]:
    """The digits by an MLP; images of MNIST's shape by an MLP and a CNN; batches of 128."""
    for title, flags, epochs, near, ahead in TASKS[:1] if quick else TASKS:
        goals = Goal("project", "raw loop", near), Goal("project", "template", ahead)
        yield train(title, flags.split(), epochs, goals, quick)


def train(title: str, flags: list[str], epochs: int, goals: tuple, quick: bool) -> Result:
    """All contestants on one task."""
    flags = [*flags, "--accelerator", "cpu", *(QUICK.split() if quick else ())]
    fewer = flags if quick else [*flags, "--max-epochs", str(epochs)]
    raw = "benchmarks.peers.raw:train"
    with Contestants(not quick) as start, Contestants(not quick, **WAITING) as alike:
        cases = {
            "raw loop": alike(raw, flags),
            "project": start("benchmarks._ours:train", flags),
            "raw loop, threads spin": start(raw, flags),
            "raw loop that evaluates": alike(raw, flags, evaluated=True),
            "raw loop that rests": alike(raw, flags, rest=REST),
            "template": start("benchmarks.peers.template:train", fewer, 0 if quick else 4),
            "hydra template": start("benchmarks.peers.hydra_template:train", fewer),
        }
        values = take_turns(cases, n=1 if quick else 9, warm_up=not quick)
    near = goals[0].at_least
    goals += (
        Goal("project", "raw loop, threads spin", near),
        Goal("project", "raw loop that evaluates", near),
        Goal("project", "raw loop that rests", near),
        Goal("project", "hydra template"),
    )
    return Result(f"training, {title}", "samples/s", values, goals)


if __name__ == "__main__":
    run(measure)
