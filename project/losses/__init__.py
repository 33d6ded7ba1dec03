"""Losses, one file each: `--loss NAME` is `losses/NAME.py`, underscores for hyphens."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from torch import Tensor

from project.cli.fields import plugs
from project.cli.words import did_you_mean

Loss = Callable[[Tensor, Tensor], Tensor]


def build(hparams: Any) -> Loss:
    """The loss `hparams.loss`; only its file is imported.

    Returns:
        A function of logits `(batch, n_classes)` and targets `(batch,)` int64 that gives the loss
        of each sample, `(batch,)` float32 in nats. It is not reduced, so that the caller can
        average over the samples of several batches and devices.

    Raises:
        ValueError: no such loss, or a setting that it does not have.
    """
    if hparams.loss not in plugs("losses"):
        near = did_you_mean(hparams.loss, plugs("losses"))
        choices = ", ".join(plugs("losses"))
        raise ValueError(f"--loss {hparams.loss!r} is unknown{near} (choices: {choices})")
    return import_module(f"project.losses.{hparams.loss.replace('-', '_')}").build(hparams)
