"""A clock that rides along as a Lightning callback, first of all callbacks."""

import time
from typing import Any

from pytorch_lightning import Callback, Trainer


class Clock(Callback):
    """Notes seconds.

    Attributes:
        epochs: of each epoch's training part, from its first hook to the first one of what follows.
        passes: of each pass over a test split, its scores computed and logged.
    """

    def __init__(self) -> None:
        self.epochs: list[float] = []
        self.passes: list[float] = []
        self._began: float | None = None

    def put_first(self, trainer: Trainer) -> None:
        """Let this be the trainer's first callback."""
        if self not in trainer.callbacks:
            trainer.callbacks.insert(0, self)

    def on_train_epoch_start(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def on_validation_start(self, *_: Any) -> None:
        self._stop()

    def on_train_epoch_end(self, *_: Any) -> None:
        self._stop()

    def on_test_start(self, *_: Any) -> None:
        self._test_began = time.perf_counter()

    def on_test_end(self, *_: Any) -> None:
        self.passes.append(time.perf_counter() - self._test_began)

    def _stop(self) -> None:
        if self._began is not None:
            self.epochs.append(time.perf_counter() - self._began)
            self._began = None
