"""A clock on Lightning's Trainer: two callbacks around all others."""

import time
from typing import Any

from pytorch_lightning import Callback, Trainer


class Clock:
    """Notes seconds.

    Attributes:
        epochs: of each epoch's training part, from its first hook to the last one after a batch.
        passes: of each pass over a test split, its scores computed and logged.
        after_steps: that callbacks took after each batch, or block of batches.
        after_epochs: that they took after a validation and after a training epoch, both together.
    """

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.passes: list[float] = []
        self.after_steps: list[float] = []
        self.after_epochs: list[float] = []
        self.epoch_began = self.test_began = self.hook_began = self.validation = self.trained = 0.0
        self.first, self.last = _First(self), _Last(self)

    def put_around(self, trainer: Trainer) -> None:
        """Let these be the trainer's first and last callbacks."""
        if self.first not in trainer.callbacks:
            trainer.callbacks[:] = [self.first, *trainer.callbacks, self.last]


class _First(Callback):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_epoch_start(self, *_: Any) -> None:
        self.clock.epoch_began = time.perf_counter()

    def on_train_batch_end(self, *_: Any) -> None:
        self.clock.hook_began = time.perf_counter()

    def on_validation_end(self, *_: Any) -> None:
        self.clock.hook_began = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.clock.epochs.append(self.clock.trained)
        self.clock.hook_began = time.perf_counter()

    def on_test_start(self, *_: Any) -> None:
        self.clock.test_began = time.perf_counter()

    def on_test_end(self, *_: Any) -> None:
        self.clock.passes.append(time.perf_counter() - self.clock.test_began)


class _Last(Callback):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_batch_end(self, *_: Any) -> None:
        now = time.perf_counter()
        self.clock.trained = now - self.clock.epoch_began
        self.clock.after_steps.append(now - self.clock.hook_began)

    def on_validation_end(self, *_: Any) -> None:
        self.clock.validation = time.perf_counter() - self.clock.hook_began

    def on_train_epoch_end(self, *_: Any) -> None:
        after = time.perf_counter() - self.clock.hook_began
        self.clock.after_epochs.append(self.clock.validation + after)
