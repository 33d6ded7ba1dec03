"""Models, one file each: `--model NAME` is `models/NAME.py`; `NAME:VARIANT` adds a variant.

`MODULE:NAME` is a class or function outside the package. Either is handed what it names: `shape`,
`n_classes`, `hparams`, `classes`, `class_counts`.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.parameter import UninitializedParameter

from project import plugs
from project.cli.faults import fault
from project.models._summary import Layers, n_parameters, n_trainable
from project.plugs.handing import made
from project.words.returned import if_none

__all__ = ["Layers", "build", "n_parameters", "n_trainable"]


def build(
    shape: tuple[int, int, int],
    n_outputs: int,
    hparams: Any,
    there: Mapping[str, Any] | None = None,
) -> nn.Module:
    """The model `hparams.model`, with weights drawn from torch's global generator.

    Only the file of that model is imported; its `build` is handed what it names, and the variant
    if there is one.

    Args:
        shape: channels, height and width of an image.
        n_outputs: columns, or channels, of its outputs, of classes mostly: `n_classes` to a model.
        hparams: `model`, and what the model's file reads (`hidden_dim`, `width`, `depth`,
            `dropout`, ...).
        there: what else it may ask for, by name.

    Returns:
        A module that maps inputs `(batch, channels, height, width)` float32 to the task's outputs.

    Raises:
        ValueError: no such model or variant, it can't take images of this shape, it asks for what
            there is not, or what it gives is no `nn.Module`.
    """
    plug = plugs.find("model", hparams.model)
    known = {**(there or {}), "shape": shape, "n_classes": n_outputs, "hparams": hparams}
    variant = {} if plug.outside or plug.part is None else {"variant": plug.part}
    model = made("model", hparams.model, plugs.entry("model", hparams.model), known | variant)
    if not isinstance(model, nn.Module):
        why = f"is built as {type(model).__name__}, no nn.Module{if_none(model)}"
        raise fault("model", hparams.model, why)
    named = model.named_parameters()
    if lazy := next((name for name, p in named if isinstance(p, UninitializedParameter)), None):
        why = (
            f"has no size yet for {lazy}: a lazy layer's can't be recorded; give the layer its size"
        )
        raise fault("model", hparams.model, why, type(model))
    return model
