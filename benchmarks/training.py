"""Training samples per second on the digits, beside a plain loop with the same optimizer."""

import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from pytorch_lightning import Callback
from torch.nn.functional import cross_entropy

from benchmarks._turns import compare
from project import data, losses, metrics, models
from project.hyperparameters import Hyperparameters
from project.optimizers import make_optimizer, make_schedule
from project.solver import Solver
from project.tracking import RunLogger
from project.trainer import make_trainer

EPOCHS = 20
HPARAMS = Hyperparameters(model="mlp", max_epochs=EPOCHS, data_dir=tempfile.mkdtemp())


class Clock(Callback):
    """Samples per second of each epoch's training part, without the validation."""

    def on_train_epoch_start(self, trainer, solver) -> None:
        self.began = time.perf_counter()

    def on_validation_start(self, trainer, solver) -> None:
        self.speeds.append(self.samples / (time.perf_counter() - self.began))

    def __init__(self, samples: int) -> None:
        self.samples, self.speeds = samples, []


def ours() -> float:
    """Median over epochs of the solver under Lightning, with its journal."""
    dataset = data.prepare(HPARAMS)
    loaders = {name: dataset.loader(name, HPARAMS) for name in ("train", "val")}
    model = models.build(dataset.shape, 10, HPARAMS)
    measured = metrics.classification(10)
    steps = loaders["train"].steps
    solver = Solver(model, losses.build(HPARAMS), measured, dataset.classes, HPARAMS, steps)
    trainer = make_trainer(HPARAMS)
    clock = Clock(len(dataset.train))
    trainer.callbacks.append(clock)
    with tempfile.TemporaryDirectory() as folder:
        trainer.logger = RunLogger(Path(folder))
        trainer.fit(solver, loaders["train"], loaders["val"])
        trainer.logger.close()
    return median(clock.speeds)


def raw() -> float:
    """Median over epochs of a loop over tensors taken by index; the loss is read once per epoch."""
    dataset = data.prepare(HPARAMS)
    images = dataset.train.samples.fetch(dataset.train.indices).float() / 255
    images = (images - dataset.mean[0]) / dataset.std[0]
    targets = dataset.train.targets
    model = models.build(dataset.shape, 10, HPARAMS)
    optimizer = make_optimizer(model, HPARAMS)
    schedule = make_schedule(optimizer, HPARAMS, EPOCHS * -(-len(targets) // HPARAMS.batch_size))
    speeds = []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        for batch in torch.randperm(len(targets)).split(HPARAMS.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(images[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
        loss.item()
        speeds.append(len(targets) / (time.perf_counter() - began))
    return median(speeds)


def main() -> None:
    """An MLP with batches of 128, the loss of every step logged."""
    compare({"raw PyTorch": raw, "project": ours}, n=7)


if __name__ == "__main__":
    main()
