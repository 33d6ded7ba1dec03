"""In the style of mkmenta's template: single images, Lightning's defaults, scikit-learn."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers import CSVLogger
from sklearn.metrics import confusion_matrix
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks._clock import Clock
from benchmarks.peers._timed import samples_per_second, seconds_of_test


class Solver(LightningModule):
    """Logs the loss of each step; evaluates with a confusion matrix for each batch."""

    def __init__(self, model: nn.Module, n_classes: int, learning_rate: float) -> None:
        super().__init__()
        self.model, self.n_classes, self.learning_rate = model, n_classes, learning_rate

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        inputs, targets = batch
        loss = cross_entropy(self.model(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def on_validation_epoch_start(self) -> None:
        self.matrices = []

    def on_test_epoch_start(self) -> None:
        self.matrices = []

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.eval_step(batch, "val")

    def test_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.eval_step(batch, "test")

    def on_validation_epoch_end(self) -> None:
        self.eval_epoch_end("val")

    def on_test_epoch_end(self) -> None:
        self.eval_epoch_end("test")

    def eval_step(self, batch: list[Tensor], split: str) -> None:
        inputs, targets = batch
        logits = self.model(inputs)
        self.log(f"{split}_loss", cross_entropy(logits, targets))
        preds = logits.argmax(1).cpu().numpy()
        labels = range(self.n_classes)
        self.matrices.append(confusion_matrix(targets.cpu().numpy(), preds, labels=labels))

    def eval_epoch_end(self, split: str) -> None:
        total = np.sum(self.matrices, axis=0)
        self.log(f"{split}_accuracy", float(total.trace() / total.sum()))


def train(flags: Sequence[str], workers: int = 4) -> float:
    """Samples a second in the median epoch, by its training part."""
    return samples_per_second(Solver, trainer, flags, workers)


def test(flags: Sequence[str], workers: int = 4) -> float:
    """Seconds of a test pass."""
    return seconds_of_test(Solver, trainer, flags, workers)


def trainer(folder: str, clock: Clock, epochs: int = 1, limit: int | None = None) -> Trainer:
    """Lightning's defaults: the bar, checkpoints, and curves in a CSV file (not Neptune's)."""
    # Advice, such as to use more workers.
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\..*")
    made = Trainer(
        max_epochs=epochs,
        limit_train_batches=limit,
        accelerator="cpu",
        logger=CSVLogger(folder),
        default_root_dir=folder,
    )
    clock.put_around(made)
    return made
