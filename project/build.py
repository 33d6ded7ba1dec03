"""From hyperparameters to data, model, solver and trainer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import nn

from project import callbacks, data, losses, metrics, models, run_directory
from project.cli.words import did_you_mean
from project.files.root import ROOT
from project.hyperparameters import Hyperparameters
from project.plan import Plan
from project.processes.normalisation import adapt_norms
from project.provenance import manifest, splits
from project.provenance.resumption import Reopened
from project.scores import MIN, better
from project.solver import Solver
from project.training import generators
from project.training.state import as_trained
from project.training.trainer import make_trainer
from project.training.weights import load_weights

SPLITS = ("train", "val", "test")


@dataclass
class Setup:
    """What an experiment is made of; the same in each of its processes.

    Attributes:
        generators: hashes of the generators' states right after seeding.
        scores: which way each score is better, for the record.
        watching: the callbacks that were chosen.
        reopened: for a run that goes on, what has changed since its record, of the data too.
    """

    dataset: data.Data
    trainer: Trainer
    solver: Solver
    loaders: dict[str, data.Loader]
    generators: dict[str, str]
    scores: dict[str, str | None]
    watching: list[Callback]
    reopened: Reopened | None = None


def build(plan: Plan, state: dict[str, Any] | None) -> Setup:
    """Data, model and all around them, from the hyperparameters and perhaps a checkpoint."""
    hparams = plan.hparams
    trainer = make_trainer(hparams)
    device = trainer.strategy.root_device
    generators.seed(hparams.seed)
    seeded = generators.hashes(device)
    reopened = plan.reopened.with_variables(ROOT) if plan.reopened else None
    dataset, reopened = load_data(hparams, reopened)
    if hparams.refuse_leaks:
        refuse_leaks(dataset)
    if state and (hparams.only_test or plan.resume):
        dataset = as_trained(dataset, state, plan.source)
    model = build_model(plan, dataset, state, device)
    dataset = dataset.to(device)
    ranks = {"rank": trainer.global_rank, "world_size": trainer.world_size}
    loaders = {split: dataset.loader(split, hparams, **ranks) for split in SPLITS}
    # The weights are the same in each process; the dropout should not be.
    generators.seed_rank(hparams.seed, trainer.global_rank)
    measured = metrics.classification(len(dataset.classes), hparams.metric, hparams)
    scores = declared_scores(hparams.monitor, measured, dataset.classes)
    solver = Solver(
        model,
        losses.build(hparams),
        measured,
        dataset.classes,
        hparams,
        loaders["train"].steps,
        marked=bool(dataset.leaks and dataset.leaks.rows),
    )
    watching = callbacks.watching(hparams)
    return Setup(dataset, trainer, solver, loaders, seeded, scores, watching, reopened)


def build_model(
    plan: Plan, dataset: data.Data, state: dict[str, Any] | None, device: torch.device
) -> nn.Module:
    """The model for this data, with a checkpoint's weights if there is one.

    Raises:
        ValueError: there is no such model, or the weights are another one's.
    """
    hparams = plan.hparams
    model = models.build(dataset.shape, len(dataset.classes), hparams)
    adapt_norms(model)
    if state:
        load_weights(model, state, plan.source)
    if device.type == "cpu" or (device.type == "cuda" and hparams.precision != "32"):
        # The layout in which CPUs and tensor cores take convolutions; others are converted at each
        # layer, or computed more slowly.
        model.to(memory_format=torch.channels_last)
    if hparams.compile:
        model.compile()
    return model


def load_data(
    hparams: Hyperparameters, reopened: Reopened | None
) -> tuple[data.Data, Reopened | None]:
    """The data, compared with those of a run that goes on; what it held out stays held out.

    Raises:
        ValueError: the data can't be used, or have changed without `--accept-changes`.
        OSError: they can't be read.
    """
    if reopened is None:
        return data.prepare(hparams), None
    folders = reopened.folders_with(run_directory.SPLITS)
    former = [data.Former(splits.read(f), manifest.read(f) or {}) for f in folders]
    # As long as nothing has changed, the flags alone say where each sample belongs.
    again = len(former) > 1
    dataset = data.prepare(hparams, former if again else ())
    if former and not again and dataset.hash != reopened.record["data"]["hash"]:
        dataset = data.prepare(hparams, former)
    found = reopened.with_data(dataset.describe(), file_hashes(dataset))
    if found.data_changed and not former:
        raise ValueError(
            f"the data of run {reopened.directory.name} changed, and it has no"
            f" {run_directory.SPLITS}: what it held out could not be kept from training; restore"
            " the data, or start anew"
        )
    return dataset, found


def file_hashes(dataset: data.Data) -> dict[str, str] | None:
    """Of each of its files, by name; None if it has none of its own."""
    return dict(dataset.files.hashes()) if dataset.files else None


def refuse_leaks(dataset: data.Data) -> None:
    """Refuse data with an image in two splits or under two labels.

    Raises:
        ValueError: there is one, or it can't be told; the message names a few.
    """
    if dataset.leaks is None:
        raise ValueError(f"--refuse-leaks: equal images of --data {dataset.name} can't be found")
    if dataset.leaks:
        raise ValueError("\n".join(f"--refuse-leaks: {line}" for line in dataset.leaks.lines()))


def declared_scores(
    monitor: str, measured: metrics.Collection, classes: Sequence[str]
) -> dict[str, str | None]:
    """Which way each score of the run will be better: `min`, `max` or None, by its bare name.

    Raises:
        ValueError: `monitor` is none of them, or is neither good nor bad; names a near one.
    """
    told = measured.declared()
    scores = {"loss": MIN} | {name: score.better for name, score in told.items()}
    whole = [f"val_{name}" for name in scores if name == "loss" or not told[name].of_classes]
    each = [
        f"val_{n}/{label}" for n, score in told.items() if score.of_classes for label in classes
    ]
    if monitor not in (*whole, *each):
        near = did_you_mean(monitor, [*whole, *each])
        shown = ", ".join(whole)
        raise ValueError(f"--monitor {monitor!r} is not measured{near} (measured: {shown})")
    if better(scores, monitor) is None:
        raise ValueError(
            f"--monitor {monitor!r}: neither more nor less of it is better; give a score"
        )
    return scores
