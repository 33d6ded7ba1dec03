"""Losses, one file each: `--loss NAME` is `losses/NAME.py`, underscores for hyphens.

`MODULE:NAME` is a function outside the package. Either is handed what it names: `hparams`, `shape`,
`n_classes`, `classes`, `class_counts`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from project import plugs
from project.cli.faults import fault, if_none
from project.plugs.handing import made

Loss = Callable[[Tensor, Tensor], Tensor]


def build(hparams: Any, there: Mapping[str, Any] | None = None) -> Loss:
    """The loss `hparams.loss`; only its file is imported.

    Args:
        hparams: of the run.
        there: what else it may ask for, by name.

    Returns:
        A function of logits `(batch, n_classes)` and targets `(batch,)` int64 that gives the loss
        of each sample, `(batch,)` float32 in nats. It is not reduced, so that the caller can
        average over the samples of several batches and devices.

    Raises:
        ValueError: no such loss, a setting that it does not have, or it asks for what there is not.
    """
    function = plugs.entry("loss", hparams.loss)
    loss = made("loss", hparams.loss, function, {"hparams": hparams, **(there or {})})
    if not callable(loss):
        kind = type(loss).__name__
        why = f"is built as {kind}, no function of logits and targets{if_none(loss)}"
        raise fault("loss", hparams.loss, why)
    return loss
