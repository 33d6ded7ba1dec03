"""Interruption: Ctrl-C and SIGTERM end a run after the current step, with a checkpoint."""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning import Callback, LightningModule, Trainer

from project.processes.signals import SIGNALS, Interrupted
from project.training.saving import Checkpoints

# Two signals within it are one.
SAME_SECONDS = 1.0


class Interrupt(Callback):
    """Makes the first signal an orderly end after the current step, the second an end at once.

    Before the first step there is nothing to keep, and the first signal is an end at once.

    Where there are several processes, whichever of them gets a signal, all end after the same step.

    Attributes:
        stepping: whether training, or the test, has begun.
    """

    def __init__(self, checkpoints: Checkpoints, solver: LightningModule) -> None:
        self.checkpoints, self._solver = checkpoints, solver
        self._signal: int | None = None
        self._at = -math.inf
        self._over = False
        self._waits = self.stepping = False

    def __enter__(self) -> "Interrupt":
        """Take over the signals until the block ends; Ctrl-C for good once the run is over."""
        self._former = {signum: signal.getsignal(signum) for signum in SIGNALS}
        self._take_over()
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._former.items():
            # It could only give a run whose end is told another exit code, as if it had not begun.
            if signum != signal.SIGINT or not self._over:
                signal.signal(signum, handler)

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Take the signals over again: Lightning has put its own handlers on top by now."""
        self._take_over()
        self.stepping = True

    def on_test_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Likewise."""
        self._take_over()
        self.stepping = True

    def _take_over(self) -> None:
        for signum in SIGNALS:
            signal.signal(signum, self._receive)

    def hold_off(self) -> None:
        """Let no signal interrupt what is left to do: to write down how the run has ended."""
        self._over = True

    @contextmanager
    def ending_a_wait(self) -> Iterator[None]:
        """Let the first signal raise KeyboardInterrupt in the block, which may be left any time."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        # torchrun passes on the Ctrl-C that the terminal has sent to every process already.
        if time.monotonic() - self._at < SAME_SECONDS:
            return
        if self._waits:
            self._waits = False
            raise KeyboardInterrupt
        if self._over:
            return
        if self._signal is not None:
            raise Interrupted(signum)
        self._signal, self._at = signum, time.monotonic()
        if not self.stepping:
            raise Interrupted(signum)
        self._solver.stop_requested = True
        _say("\nstopping after this step; once more to stop at once\n")

    def on_train_batch_end(
        self, trainer: Trainer, solver: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save and end."""
        if self._requested(trainer):
            self._end_fit(trainer, solver)

    def on_validation_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Save and end; the resumed run validates again from the start."""
        if self._requested(trainer):
            self._end_fit(trainer, solver)

    def on_test_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """End; `last.pt` already stands at the end of training."""
        if self._requested(trainer):
            raise Interrupted(self._signal)

    def _requested(self, trainer: Trainer) -> bool:
        """Whether any process has got a signal; all ask after the same block, even an empty one."""
        if trainer.world_size > 1:
            latest = torch.tensor(self._signal or 0, device=trainer.strategy.root_device)
            dist.all_reduce(latest, dist.ReduceOp.MAX)
            agreed = int(latest)
            # A signal that came meanwhile is for the next block, when all know of it.
            self._signal = agreed or self._signal
            return agreed > 0
        return self._signal is not None

    def _end_fit(self, trainer: Trainer, solver: LightningModule) -> None:
        self.checkpoints.save_last(trainer, solver)
        self.checkpoints.wait()
        raise Interrupted(self._signal)


def _say(text: str) -> None:
    """Say it at once, whatever the signal has interrupted."""
    try:
        sys.stderr.write(text)
    except RuntimeError:
        # A line was just being written to the stream, which lets nobody in between.
        os.write(sys.stderr.fileno(), text.encode())
