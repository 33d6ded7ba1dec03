"""The template's command line and its first step: everything is imported before a flag is read."""

import time
from argparse import ArgumentParser
from tempfile import TemporaryDirectory
from typing import Any

from neptune.types.mode import Mode
from pytorch_lightning import Callback, LightningModule, Trainer
from torchvision.datasets import MNIST

from benchmarks.peers._images import loader
from benchmarks.peers._task import task
from benchmarks.peers.template import Solver

DATA = ("digits", MNIST.__name__.lower())
MODES = [mode.value for mode in Mode]


class Stop(Callback):
    """Prints the time after the first step, and ends training."""

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        print(f"step done: {time.time()}")
        trainer.should_stop = True


def main() -> None:
    """Train for one step."""
    parser = ArgumentParser()
    parser.add_argument("--batch-size", default=128, type=int)
    parser.add_argument("--data", default="digits", choices=DATA)
    parser.add_argument("--num-workers", default=4, type=int)
    parser.add_argument("--learning-rate", default=1e-4, type=float)
    parser.add_argument("--neptune-mode", default="offline", choices=MODES)
    parser.add_argument("--only-test", action="store_true")
    arguments = parser.parse_args()
    given = task(["--batch-size", str(arguments.batch_size), "--data", arguments.data])
    solver = Solver(given.model(), given.n_classes, arguments.learning_rate)
    with TemporaryDirectory() as folder:
        trainer = Trainer(accelerator="cpu", default_root_dir=folder, callbacks=[Stop()])
        trainer.fit(solver, loader(given, "train", arguments.num_workers))


if __name__ == "__main__":
    main()
