"""Seconds of a test pass over 10,000 images with all metrics, beside forward and argmax alone."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.training.runtime import WAITING

# A little to train on, and the rest is the test.
FLAGS = (
    "--data synthetic --synthetic-shape 1 28 28 --synthetic-samples 10500 --val-fraction 0.01"
    " --test-fraction 0.9525 --model mlp --max-epochs 1 --accelerator cpu"
)
QUICK = "--synthetic-samples 300 --test-fraction 0.5"
GOALS = (
    Goal("project", "raw forward and argmax", below=2),
    Goal("template", "project", at_least=15),
    Goal("hydra template", "project"),
)


def measure(quick: bool) -> Iterator[Result]:
    """The whole pass: data from memory, the model, every metric, scores computed and logged."""
    flags = [*FLAGS.split(), *(QUICK.split() if quick else ())]
    with (
        TemporaryDirectory() as folder,
        Contestants(not quick) as start,
        Contestants(not quick, **WAITING) as alike,
    ):
        checkpoint = Path(folder) / "best.pt"
        start("benchmarks._ours:train_to", flags, checkpoint)()
        cases = {
            "raw forward and argmax": alike("benchmarks.peers.raw:test", flags),
            "project": start("benchmarks._ours:test", flags, checkpoint),
            "template": start("benchmarks.peers.template:test", flags, 0 if quick else 4),
            "hydra template": start("benchmarks.peers.hydra_template:test", flags),
        }
        values = take_turns(cases, n=1 if quick else 21, warm_up=not quick)
    yield Result("evaluation, 10,000 of 28x28, MLP, 10 classes", "s", values, GOALS)


if __name__ == "__main__":
    run(measure)
