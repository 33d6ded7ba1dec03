"""A U-Net at 128x128: training beside a raw loop, a test pass beside forward and argmax alone."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._contestants import Contestants
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project.training.runtime import WAITING

DATA = "--data shapes --shapes-size 128 128 --model unet --batch-size 16 --accelerator cpu"
# A sixth as many test as train.
TRAINING = f"{DATA} --shapes-samples 128 --max-epochs 2"
TESTING = f"{DATA} --shapes-samples 1200 --max-epochs 1"
QUICK = "--shapes-samples 12 --shapes-size 16 16 --max-epochs 1"


def measure(quick: bool) -> Iterator[Result]:
    """Batches of 16 from memory; the loss of each step is logged, and all scores are computed."""
    yield train([*TRAINING.split(), *(QUICK.split() if quick else ())], quick)
    yield test([*TESTING.split(), *(QUICK.split() if quick else ())], quick)


def train(flags: list[str], quick: bool) -> Result:
    """Samples a second in the training part of an epoch."""
    raw = "benchmarks.peers.raw:train"
    with Contestants(not quick) as start, Contestants(not quick, **WAITING) as alike:
        cases = {
            "raw loop": alike(raw, flags),
            "project": start("benchmarks._ours:train", flags),
            "raw loop, channels last": alike(raw, flags, channels_last=True),
        }
        values = take_turns(cases, n=1 if quick else 7, warm_up=not quick)
    goals = (
        Goal("project", "raw loop", at_least=0.95),
        Goal("project", "raw loop, channels last", at_least=0.95),
    )
    return Result("training, 128 of 128x128, UNet", "samples/s", values, goals)


def test(flags: list[str], quick: bool) -> Result:
    """Seconds of a test pass with all scores."""
    raw = "benchmarks.peers.raw:test"
    with (
        TemporaryDirectory() as folder,
        Contestants(not quick) as start,
        Contestants(not quick, **WAITING) as alike,
    ):
        checkpoint = Path(folder) / "best.pt"
        start("benchmarks._ours:train_to", [*flags, "--limit-batches", "1"], checkpoint)()
        cases = {
            "raw forward and argmax": alike(raw, flags),
            "project": start("benchmarks._ours:test", flags, checkpoint),
            "raw forward and argmax, channels last": alike(raw, flags, channels_last=True),
        }
        values = take_turns(cases, n=1 if quick else 11, warm_up=not quick)
    goals = (
        Goal("project", "raw forward and argmax", below=1.3),
        Goal("project", "raw forward and argmax, channels last", below=1.3),
    )
    return Result("evaluation, 200 of 128x128, UNet, 5 classes", "s", values, goals)


if __name__ == "__main__":
    run(measure)
