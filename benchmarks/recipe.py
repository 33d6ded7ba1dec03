"""What a recipe of five operators adds to training the digits' CNN: CPU seconds of an epoch."""

import time
from tempfile import TemporaryDirectory

import torch

from benchmarks._turns import compare
from project import losses, models, optimizers
from project.build import known
from project.data import prepare
from project.hyperparameters import Hyperparameters
from project.words.recipes import named

TURNS = 25
FIVE = """augmentation:
  - flip
  - rotate: [-15, 15]
  - translate-x: {p: 0.5}
  - brightness: [0.7, 1.3]
  - noise: [0, 10]
"""


class Contestant:
    """A model that is trained, on data of its own."""

    def __init__(self, folder: str, recipe: str | None) -> None:
        hparams = Hyperparameters(data_dir=folder, recipe=recipe and named("five.yaml", recipe))
        data = prepare(hparams)
        there = known(data, hparams)
        torch.manual_seed(0)
        self._model = models.build(data.shape, 10, hparams, there)
        self._loss = losses.build(hparams, there)
        self._optimizer = optimizers.build(self._model, hparams)
        self._loader, self._epoch = data.loader("train", hparams), 0

    def __call__(self) -> float:
        """CPU seconds of an epoch of this thread's work, so that others count less."""
        self._loader.seek(self._epoch)
        self._epoch += 1
        began = time.process_time()
        for block in self._loader:
            for batch in block:
                self._optimizer.zero_grad()
                self._loss(self._model(batch.inputs), batch.targets).total.mean().backward()
                self._optimizer.step()
        return time.process_time() - began


def main() -> None:
    """With the recipe beside without; a step is a raw loop's, which records nothing."""
    # One thread: threads that wait for each other on a busy machine would count as work.
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        cases = {"without": Contestant(folder, None), "recipe": Contestant(folder, FIVE)}
        compare(cases, n=TURNS)


if __name__ == "__main__":
    main()
