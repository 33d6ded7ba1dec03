"""The project as a contestant: its own command, flags and defaults, with a clock on its Trainer."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copyfile
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from project.main import main


def train(flags: Sequence[str]) -> float:
    """Samples a second in the median epoch of a run, by its training part."""
    with TemporaryDirectory() as folder, watched() as clock:
        run(flags, Path(folder))
        from benchmarks.peers._task import task  # which loads torch

        return task(flags).trained / median(clock.epochs)


def train_to(flags: Sequence[str], checkpoint: Path) -> float:
    """Train, and copy the best checkpoint to a file; nothing is measured."""
    with TemporaryDirectory() as folder:
        run(flags, Path(folder))
        (best,) = Path(folder).glob("runs/*/*/checkpoints/best.pt")
        copyfile(best, checkpoint)
    return 0.0


def learned(flags: Sequence[str]) -> float:
    """The test's mean IoU at the end of a run."""
    with TemporaryDirectory() as folder:
        run([*flags, "--tracker", "none"], Path(folder))
        (outcome,) = Path(folder).glob("runs/*/*/outcome.json")
        return json.loads(outcome.read_text())["test"]["test_mean_iou"]


def test(flags: Sequence[str], checkpoint: Path) -> float:
    """Seconds of a test pass with all metrics, by `--only-test`."""
    with TemporaryDirectory() as folder, watched() as clock:
        run([*flags, "--only-test", "--checkpoint", str(checkpoint)], Path(folder))
        return clock.passes[-1]


def blocked(flags: Sequence[str]) -> tuple[float, float]:
    """Seconds that checkpoints hold the loop up, medians of a run: within an epoch, at its end.

    The first are those of a run that writes whenever it can, the second of one by defaults.
    """
    with TemporaryDirectory() as folder, watched() as often:
        run([*flags, "--checkpoint-every", "0"], Path(folder))
    with TemporaryDirectory() as folder, watched() as by_default:
        run(flags, Path(folder))
    return median(often.after_steps), median(by_default.after_epochs)


def run(flags: Sequence[str], folder: Path) -> None:
    """One run as the command does it, below `folder`."""
    code = main([*flags, "--exp-dir", str(folder / "runs"), "--data-dir", str(folder)])
    assert code == 0, f"{' '.join(flags)}: exit code {code}"


@contextmanager
def watched() -> Iterator[Any]:
    """Let each Trainer that fits or tests carry a clock."""
    load_as_the_command_does()
    from benchmarks._clock import Clock

    clock = Clock()
    with carried(clock.put_around):
        yield clock


def load_as_the_command_does() -> None:
    """Run once, if torch is not loaded: the command decides what is set before it is."""
    if "torch" not in sys.modules:
        with TemporaryDirectory() as folder:
            run(["--fast-dev-run"], Path(folder))


@contextmanager
def carried(equip: Callable[[Any], None]) -> Iterator[None]:
    """Equip each Trainer before it fits or tests; the project's code stays as it is."""
    from pytorch_lightning import Trainer

    def equipped(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(trainer: Trainer, *args: Any, **kwargs: Any) -> Any:
            equip(trainer)
            return method(trainer, *args, **kwargs)

        return call

    with ExitStack() as stack:
        for name in ("fit", "test"):
            method = equipped(getattr(Trainer, name))
            stack.enter_context(patch.object(Trainer, name, method))
        yield
