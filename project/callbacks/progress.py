"""Progress: a bar on a terminal, a line per epoch anywhere else."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from project.cli.summary import number

# Seconds between two drawings of the bar; each takes about a millisecond from the training loop.
DRAW_EVERY = 0.2


class Progress(Callback):
    """Shows on standard error how training goes; the first process speaks for all.

    Args:
        metrics: the validation scores to show, such as `val_loss`, as far as the solver has them.

    Reads `step`, `total_steps`, `train_loss` and `scores` of the solver.
    """

    def __init__(self, metrics: Sequence[str] = ("val_loss", "val_accuracy")) -> None:
        # A name given twice, such as a monitored metric that is shown anyway, is shown once.
        self.metrics = tuple(dict.fromkeys(metrics))
        self._bar: Any = None
        self._drawn = 0.0
        self._epoch = ""

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Open the bar, if there is a terminal to draw it on."""
        self._open(trainer, solver.step, solver.total_steps)

    def on_train_epoch_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Note the time and the epoch, which Lightning has counted up when training ends."""
        self._clock = time.monotonic()
        self._epoch = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_validation_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_train_epoch_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """One line, where there is no bar."""
        if self._bar is not None or not trainer.is_global_zero:
            return
        seconds = time.monotonic() - self._clock
        parts = [self._epoch, f"step {solver.step}", *self._scores(solver), f"{seconds:.1f} s"]
        print("  ".join(parts), file=sys.stderr, flush=True)

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Leave the bar as it is at the end."""
        self._close(trainer, solver)

    def on_test_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """A bar that only moves: how many blocks a test has isn't known."""
        self._open(trainer)

    def on_test_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        self._close(trainer, solver)

    def on_exception(
        self, trainer: Trainer, solver: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self._close(trainer, solver)

    def _open(self, trainer: Trainer, *steps: int) -> None:
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        if trainer.is_global_zero and is_terminal:
            # rich is loaded only where it is used.
            from project.cli.bar import Bar

            self._bar = Bar(*steps)

    def _draw_if_due(self, trainer: Trainer, solver: LightningModule) -> None:
        if self._bar is not None and time.monotonic() - self._drawn >= DRAW_EVERY:
            self._drawn = time.monotonic()
            self._draw(trainer, solver)

    def _draw(self, trainer: Trainer, solver: LightningModule) -> None:
        if trainer.testing:
            self._bar.draw("testing", 0, "")
        else:
            heading = self._epoch + (" validating" if trainer.validating else "")
            self._bar.draw(heading, solver.step, "  ".join(self._scores(solver)))

    def _close(self, trainer: Trainer, solver: LightningModule) -> None:
        if self._bar is not None:
            self._draw(trainer, solver)
            self._bar.close()
            self._bar = None

    def _scores(self, solver: LightningModule) -> list[str]:
        scores: Mapping[str, float] = {"train_loss": solver.train_loss} | solver.scores
        shown = ("train_loss", *self.metrics)
        return [f"{name} {number(scores[name])}" for name in shown if name in scores]
