"""Progress: a line for each epoch, and on a terminal a bar below."""

import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from project.cli.epochs import EpochTable
from project.cli.stage import draws, stage
from project.cli.summary import number
from project.training.saving import Checkpoints

# Seconds between two drawings of the bar; each takes about a millisecond from the training loop.
DRAW_EVERY = 0.2
# So many epochs have each a line; of later ones, which may be thousands, those do that end so many
# seconds after the last that had one.
FIRST, LATER_EVERY = 100, 1.0


class Progress(Callback):
    """Shows on standard error how training goes; the first process speaks for all.

    Args:
        metrics: the validation scores to show, such as `val_loss`, as far as the solver has them.
        checkpoints: which know the best epoch so far, and by which score.

    Reads `step`, `total_steps`, `train_loss` and `scores` of the solver.
    """

    def __init__(
        self,
        metrics: Sequence[str] = ("val_loss", "val_accuracy"),
        checkpoints: Checkpoints | None = None,
    ) -> None:
        # A name given twice, such as a monitored metric that is shown anyway, is shown once.
        self.metrics = tuple(dict.fromkeys(metrics))
        self._checkpoints = checkpoints
        self._bar: Any = None
        self._table: EpochTable | None = None
        self._drawn, self._told, self._n_told = 0.0, -math.inf, 0
        self._epoch = ""
        self._held: tuple[Any, ...] | None = None

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Open the bar, if there is a terminal to draw it on."""
        self._open(trainer, solver, solver.step, solver.total_steps)

    def on_train_epoch_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Note the time and the epoch, which Lightning has counted up when training ends."""
        self._clock = time.monotonic()
        self._epoch = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_validation_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_train_epoch_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """One line, unless there were many just now."""
        if not trainer.is_global_zero:
            return
        now, best = time.monotonic(), self._checkpoints and self._checkpoints.best
        is_best = bool(best) and best["epoch"] == trainer.current_epoch
        scores = {"train_loss": solver.train_loss} | solver.scores
        self._held = (trainer.current_epoch + 1, solver.step, scores, now - self._clock, is_best)
        if self._n_told < FIRST or now - self._told >= LATER_EVERY:
            self._told = now
            self._tell(trainer.max_epochs)

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """The last epoch has its line, whenever it ended."""
        self._close(trainer)

    def on_test_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """A bar that only moves: how many blocks a test has isn't known."""
        self._open(trainer, solver)

    def on_test_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        self._draw_if_due(trainer, solver)

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        self._close(trainer)

    def on_exception(
        self, trainer: Trainer, solver: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self._close(trainer)

    def _open(self, trainer: Trainer, solver: LightningModule, *steps: int) -> None:
        stage("")
        if trainer.is_global_zero and draws():
            # rich is loaded only where it is used.
            from project.cli.bar import Bar

            self._bar = Bar(*steps)
            self._draw(trainer, solver)

    def _draw_if_due(self, trainer: Trainer, solver: LightningModule) -> None:
        if self._bar is not None and time.monotonic() - self._drawn >= DRAW_EVERY:
            self._drawn = time.monotonic()
            self._draw(trainer, solver)

    def _draw(self, trainer: Trainer, solver: LightningModule) -> None:
        if trainer.testing:
            self._bar.draw("testing", 0, "")
        else:
            heading = self._epoch + (" validating" if trainer.validating else "")
            scores = {"train_loss": solver.train_loss} if solver.step else {}
            self._bar.draw(heading, solver.step, "  ".join(self._named(scores)))

    def _tell(self, max_epochs: int) -> None:
        """The line of the epoch that has none yet."""
        epoch, step, scores, seconds, best = self._held
        self._held, self._n_told = None, self._n_told + 1
        if self._bar is None:
            parts = [f"epoch {epoch}/{max_epochs}", f"step {step}", *self._named(scores)]
            parts += [f"{seconds:.1f} s", *["best"] * best]
            print("  ".join(parts), file=sys.stderr, flush=True)
            return
        if self._table is None:
            shown = [name for name in ("train_loss", *self.metrics) if name in scores]
            kept = self._checkpoints.monitor if self._checkpoints else shown[0]
            self._table = EpochTable(shown, kept, max_epochs, self._bar.width)
            self._bar.leave(self._table.heading(), "bold")
        self._bar.leave(self._table.line(epoch, scores, seconds, best))

    def _close(self, trainer: Trainer) -> None:
        if self._held is not None:
            self._tell(trainer.max_epochs)
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _named(self, scores: Mapping[str, float]) -> list[str]:
        shown = ("train_loss", *self.metrics)
        return [f"{name} {number(scores[name])}" for name in shown if name in scores]
