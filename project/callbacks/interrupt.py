"""Interruption: Ctrl-C and SIGTERM end a run after the current step, with a checkpoint."""

import signal
import sys
from types import FrameType
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from project.callbacks.checkpoints import Checkpoints

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """A signal ended the run.

    Attributes:
        number: the signal's.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}")
        self.number = signum


class Interrupt(Callback):
    """Makes the first signal an orderly end after the current step, the second an end at once."""

    def __init__(self, checkpoints: Checkpoints, solver: LightningModule) -> None:
        self.checkpoints, self._solver = checkpoints, solver
        self._signal: int | None = None

    def __enter__(self) -> "Interrupt":
        """Take over the signals until the block ends."""
        self._former = {signum: signal.getsignal(signum) for signum in SIGNALS}
        self._take_over()
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._former.items():
            signal.signal(signum, handler)

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Take the signals over again: Lightning has put its own handlers on top by now."""
        self._take_over()

    def on_test_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Likewise."""
        self._take_over()

    def _take_over(self) -> None:
        for signum in SIGNALS:
            signal.signal(signum, self._receive)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            raise Interrupted(signum)
        self._signal = signum
        self._solver.stop_requested = True
        sys.stderr.write("\nstopping after this step; once more to stop at once\n")

    def on_train_batch_end(
        self, trainer: Trainer, solver: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and end; all processes together, whichever of them was told."""
        requested = self._signal is not None
        if trainer.world_size > 1:
            requested = trainer.strategy.reduce_boolean_decision(requested, all=False)
        if requested:
            self._end_fit(trainer, solver)

    def on_validation_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Save and end; the resumed run validates again from the start."""
        # Several processes finish the validation: they have no step in common at which to agree.
        if self._signal is not None and trainer.world_size == 1:
            self._end_fit(trainer, solver)

    def on_test_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """End; `last.pt` already stands at the end of training."""
        if self._signal is not None and trainer.world_size == 1:
            raise Interrupted(self._signal)

    def _end_fit(self, trainer: Trainer, solver: LightningModule) -> None:
        self.checkpoints.save_last(trainer, solver)
        self.checkpoints.wait()
        raise Interrupted(self._signal or signal.SIGTERM)
