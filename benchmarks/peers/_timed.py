"""How the templates are timed: the same for each, whatever its module and its trainer."""

from collections.abc import Callable, Sequence
from statistics import median
from tempfile import TemporaryDirectory

from pytorch_lightning import LightningModule, Trainer

from benchmarks._clock import Clock
from benchmarks.peers._images import loader
from benchmarks.peers._task import task

# Of the model, the number of classes and the learning rate.
Make = Callable[..., LightningModule]
MakeTrainer = Callable[..., Trainer]


def samples_per_second(
    make: Make, trainer: MakeTrainer, flags: Sequence[str], workers: int
) -> float:
    """Samples a second in the median epoch, by its training part."""
    given, clock = task(flags), Clock()
    module = make(given.model(), given.n_classes, given.hparams.learning_rate)
    loaders = [loader(given, split, workers) for split in ("train", "val")]
    limit = given.hparams.limit_batches
    with TemporaryDirectory() as folder:
        trainer(folder, clock, given.hparams.max_epochs, limit).fit(module, *loaders)
    return given.trained / median(clock.epochs)


def seconds_of_test(make: Make, trainer: MakeTrainer, flags: Sequence[str], workers: int) -> float:
    """Seconds of a test pass."""
    given, clock = task(flags), Clock()
    module = make(given.model(), given.n_classes, given.hparams.learning_rate)
    with TemporaryDirectory() as folder:
        trainer(folder, clock).test(module, loader(given, "test", workers))
    return clock.passes[-1]
