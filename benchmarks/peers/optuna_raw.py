"""Optuna around a plain PyTorch loop in one process, its trials in an SQLite file of its own."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import optuna
import torch
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from benchmarks.peers._task import Task, task
from benchmarks.peers.raw import predict


def seconds_a_trial(flags: Sequence[str], n: int) -> float:
    """Of n trials of the learning rate, each trained and validated for all its epochs."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    given = task(flags)
    with TemporaryDirectory() as folder:
        storage = f"sqlite:///{Path(folder, 'trials.db')}"
        sampler = optuna.samplers.TPESampler(seed=0, multivariate=True)
        study = optuna.create_study(storage=storage, sampler=sampler, direction="maximize")
        began = time.perf_counter()
        study.optimize(lambda trial: _score(given, trial), n_trials=n)
        return (time.perf_counter() - began) / n


def _score(given: Task, trial: optuna.Trial) -> float:
    hparams, (images, targets) = given.hparams, given.splits["train"]
    torch.manual_seed(hparams.seed)
    model, inputs = given.model(), given.normalised(images)
    held_out, truth = given.normalised(given.splits["val"][0]), given.splits["val"][1]
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    optimizer = AdamW(model.parameters(), lr=rate, fused=True)
    steps = hparams.max_epochs * -(-len(targets) // hparams.batch_size)
    schedule = OneCycleLR(optimizer, rate, steps + 1)
    score = 0.0
    for epoch in range(hparams.max_epochs):
        for batch in torch.randperm(len(targets)).split(hparams.batch_size):
            optimizer.zero_grad()
            cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
            schedule.step()
        preds = predict(model, held_out, hparams.batch_size)
        score = (preds == truth).double().mean().item()
        trial.report(score, epoch)
    return score
