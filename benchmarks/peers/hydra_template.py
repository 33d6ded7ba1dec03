"""In the style of lightning-hydra-template: a torchmetrics collection and a rich bar."""

from collections.abc import Sequence

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from benchmarks._clock import Clock
from benchmarks.peers._timed import samples_per_second, seconds_of_test


class Module(LightningModule):
    """Losses and scores of every split are metric objects, logged each step or epoch."""

    def __init__(self, model: nn.Module, n_classes: int, learning_rate: float) -> None:
        super().__init__()
        self.net, self.learning_rate = model, learning_rate
        scores = MetricCollection(
            [
                kind(num_classes=n_classes)
                for kind in (
                    MulticlassAccuracy,
                    MulticlassPrecision,
                    MulticlassRecall,
                    MulticlassF1Score,
                )
            ]
        )
        splits = ("train", "val", "test")
        self.losses = nn.ModuleDict({f"{split}_": MeanMetric() for split in splits})
        self.scores = nn.ModuleDict(
            {f"{split}_": scores.clone(prefix=f"{split}/") for split in splits}
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate)

    def step(self, batch: list[Tensor], split: str) -> Tensor:
        inputs, targets = batch
        logits = self.net(inputs)
        loss = cross_entropy(logits, targets)
        self.losses[f"{split}_"](loss)
        self.scores[f"{split}_"](logits, targets)
        shown = {"on_step": False, "on_epoch": True, "prog_bar": True}
        self.log(f"{split}/loss", self.losses[f"{split}_"], **shown)
        self.log_dict(self.scores[f"{split}_"], **shown)
        return loss

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.step(batch, "train")

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.step(batch, "val")

    def test_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.step(batch, "test")


def train(flags: Sequence[str], workers: int = 0) -> float:
    """Samples a second in the median epoch, by its training part."""
    return samples_per_second(Module, trainer, flags, workers)


def test(flags: Sequence[str], workers: int = 0) -> float:
    """Seconds of a test pass."""
    return seconds_of_test(Module, trainer, flags, workers)


def trainer(folder: str, clock: Clock, epochs: int = 1, limit: int | None = None) -> Trainer:
    """A rich bar, the best checkpoint, early stopping and a CSV file."""
    made = Trainer(
        max_epochs=epochs,
        limit_train_batches=limit,
        accelerator="cpu",
        logger=CSVLogger(folder),
        default_root_dir=folder,
        callbacks=[
            ModelCheckpoint(monitor="val/loss", save_last=True),
            EarlyStopping(monitor="val/loss", patience=100),
            RichProgressBar(),
        ],
    )
    clock.put_around(made)
    return made
