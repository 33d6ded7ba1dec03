"""Lightning by itself: an automatic optimizer and its own checkpoints, batches from memory."""

import time
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.peers._task import task


class Module(LightningModule):
    """The loss is logged for each step; SGD without momentum has no state to save."""

    def __init__(self, model: nn.Module, learning_rate: float) -> None:
        super().__init__()
        self.model, self.learning_rate = model, learning_rate

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        inputs, targets = batch
        loss = cross_entropy(self.model(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        inputs, targets = batch
        self.log("val_loss", cross_entropy(self.model(inputs), targets))


class Within(ModelCheckpoint):
    """Notes how long it takes after a step, where it writes a file."""

    def __init__(self, folder: str, every: int) -> None:
        super().__init__(folder, every_n_train_steps=every)
        self.steps: list[float] = []

    def on_train_batch_end(self, *args: Any) -> None:
        began, before = time.perf_counter(), self.best_model_path
        super().on_train_batch_end(*args)
        if self.best_model_path != before:
            self.steps.append(time.perf_counter() - began)


class AtEnd(ModelCheckpoint):
    """Notes how long it takes at the end of an epoch."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder, save_on_train_epoch_end=True)
        self.epochs: list[float] = []

    def on_train_epoch_end(self, *args: Any) -> None:
        began = time.perf_counter()
        super().on_train_epoch_end(*args)
        self.epochs.append(time.perf_counter() - began)


def blocked(flags: Sequence[str], every: int) -> tuple[float, float]:
    """Seconds that a checkpoint holds the loop up, medians of a run: within an epoch, at its end.

    Args:
        flags: of the project.
        every: steps between checkpoints within an epoch.
    """
    given = task(flags)
    loaders = [
        DataLoader(
            TensorDataset(given.normalised(images), targets),
            batch_size=given.hparams.batch_size,
        )
        for images, targets in (given.splits["train"], given.splits["val"])
    ]
    with TemporaryDirectory() as folder:
        within, at_end = Within(f"{folder}/within", every), AtEnd(f"{folder}/end")
        trainer = Trainer(
            max_epochs=given.hparams.max_epochs,
            accelerator="cpu",
            logger=False,
            default_root_dir=folder,
            callbacks=[within, at_end],
        )
        trainer.fit(Module(given.model(), given.hparams.learning_rate), *loaders)
    return median(within.steps), median(at_end.epochs)
