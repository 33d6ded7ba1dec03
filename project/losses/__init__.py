"""Losses, one file each: `--loss NAME` is `losses/NAME.py`, underscores for hyphens.

`MODULE:NAME` is a function outside the package that takes what their `build` takes.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from project import plugs

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
    found = plugs.load("loss", hparams.loss)
    return found(hparams) if plugs.find("loss", hparams.loss).outside else found.build(hparams)
