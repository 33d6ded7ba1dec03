"""How long Lightning's callbacks hold up the training loop: two of them around all others."""

import time
from typing import Any

from pytorch_lightning import Callback, Trainer

# Hooks in which nothing is written take microseconds.
SMALLEST = 1e-3


class Brackets:
    """Notes seconds that callbacks took, where they took more than a millisecond.

    Attributes:
        steps: after a batch or a block of batches.
        epochs: after a validation and after a training epoch, both together.
    """

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.epochs: list[float] = []
        self.first, self.last = _Opening(self), _Closing(self)
        self.began = self.validation = 0.0

    def put_around(self, trainer: Trainer) -> None:
        """Let these be the trainer's first and last callbacks."""
        if self.first not in trainer.callbacks:
            trainer.callbacks[:] = [self.first, *trainer.callbacks, self.last]

    def open(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def close_step(self, *_: Any) -> None:
        seconds = time.perf_counter() - self.began
        if seconds > SMALLEST:
            self.steps.append(seconds)

    def close_validation(self, *_: Any) -> None:
        self.validation = time.perf_counter() - self.began

    def close_epoch(self, *_: Any) -> None:
        self.epochs.append(self.validation + time.perf_counter() - self.began)


class _Opening(Callback):
    def __init__(self, brackets: Brackets) -> None:
        self.on_train_batch_end = self.on_validation_end = brackets.open
        self.on_train_epoch_end = brackets.open


class _Closing(Callback):
    def __init__(self, brackets: Brackets) -> None:
        self.on_train_batch_end = brackets.close_step
        self.on_validation_end = brackets.close_validation
        self.on_train_epoch_end = brackets.close_epoch
