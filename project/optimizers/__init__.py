"""Optimizers, one file each: `--optimizer NAME` is `optimizers/NAME.py`.

`MODULE:NAME` is a class or function outside the package, such as `torch.optim:RMSprop`. Either is
handed what it names: `params`, `lr`, `weight_decay`, `hparams`.
"""

from inspect import Parameter, signature
from typing import Any

from torch import nn
from torch.optim import Optimizer

from project import plugs
from project.cli.faults import blamed, fault
from project.plugs.handing import made
from project.words.returned import if_none

__all__ = ["build"]


def build(model: nn.Module, hparams: Any) -> Optimizer:
    """The optimizer `hparams.optimizer` over the parameters that need gradients.

    The schedule sets its learning rate before each step, and the momentum of those of the package
    alone.

    Raises:
        ValueError: there is none, it asks for what there is not, what is made is no optimizer, or
            its step needs a closure.
    """
    text = hparams.optimizer
    there = {
        "params": [p for p in model.parameters() if p.requires_grad],
        "lr": hparams.learning_rate,
        "weight_decay": hparams.weight_decay,
        "hparams": hparams,
    }
    with blamed("optimizer", text):
        optimizer = made("optimizer", text, plugs.entry("optimizer", text), there)
    if not isinstance(optimizer, Optimizer):
        why = f"gives {type(optimizer).__name__}, no torch.optim.Optimizer{if_none(optimizer)}"
        raise fault("optimizer", text, why)
    closure = signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is Parameter.empty:
        raise fault("optimizer", text, "needs a closure, which a step here does not give")
    return optimizer
