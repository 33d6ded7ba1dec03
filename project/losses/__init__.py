"""Losses, one file each: `--loss NAME` is `losses/NAME.py`, underscores for hyphens.

`MODULE:NAME` is a function outside the package. Either is handed what it names: `hparams`, `shape`,
`n_classes`, `classes`, `class_counts`, `class_weights`, `task`. `--loss A B*0.5` is their sum.
"""

from collections.abc import Callable, Mapping
from typing import Any

from project import plugs
from project.cli.faults import blamed, fault
from project.losses._class_weights import class_weights
from project.losses._distillation import Distillation
from project.losses._objective import Function, Objective
from project.plugs.handing import asks, made
from project.plugs.weighted import ONLY_VIEWS, VIEWS, term
from project.words.returned import if_none

__all__ = ["Distillation", "Objective", "build", "class_weights"]


def build(hparams: Any, there: Mapping[str, Any] | None = None) -> Objective:
    """The losses `hparams.loss`; only their files are imported.

    Each is a function of outputs and targets, such as logits `(batch, n_classes)` and `(batch,)`
    int64, that gives the loss of each sample, `(batch,)` float32, or a `Loss`. It is not reduced,
    so that the caller can average over the samples of several batches and devices.

    Args:
        hparams: of the run.
        there: what else they may ask for, by name.

    Raises:
        ValueError: no such loss, it asks for what there is not, or a person's own one raises an
            error; there are class weights and none of the losses asks for them.
    """
    known = {"hparams": hparams, "class_weights": None, **(there or {})}
    terms = list(map(term, hparams.loss))
    functions = {each.plug: _entry(each.plug) for each in terms}
    weighed = [plug for plug, found in functions.items() if asks(found, "class_weights")]
    if known["class_weights"] is not None and not weighed:
        raise ValueError(
            f"--class-weights: --loss {' '.join(functions)} does not ask for class_weights, which a"
            " loss is handed that names them; leave them out"
        )
    parts = [(each, _built(each.plug, functions[each.plug], known)) for each in terms]
    said = VIEWS, ONLY_VIEWS
    return Objective(parts, *([p for p in functions if plugs.says("loss", p, s)] for s in said))


def _entry(text: str) -> Callable[..., Any]:
    with blamed("loss", text):
        return plugs.entry("loss", text)


def _built(text: str, function: Callable[..., Any], known: Mapping[str, Any]) -> Function:
    with blamed("loss", text):
        loss = made("loss", text, function, known)
    if not callable(loss):
        kind = type(loss).__name__
        why = f"is built as {kind}, no function of logits and targets{if_none(loss)}"
        raise fault("loss", text, why)
    return loss
