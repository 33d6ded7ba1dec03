"""Callbacks: one kills its own process, as a machine that is gone does, one says that it steps."""

import os
import signal
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class AfterTwoEpochs(Callback):
    """Once the second epoch's checkpoint is on the disk; the run that goes on from there lives."""

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        self.began = trainer.current_epoch

    def on_train_epoch_start(self, trainer: Trainer, solver: LightningModule) -> None:
        if trainer.current_epoch == self.began + 2:
            trainer.callbacks[0].wait()
            os.kill(os.getpid(), signal.SIGKILL)


class Steps(Callback):
    """Leaves a file beside the checkpoints once training is on its way."""

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        (trainer.callbacks[0].directory / "steps").touch()
