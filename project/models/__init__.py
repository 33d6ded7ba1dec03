"""Models, one file each: `--model NAME` is `models/NAME.py`; `NAME:VARIANT` adds a variant.

`MODULE:NAME` is a class or function outside the package. Either is handed what it names: `shape`,
`n_classes`, `hparams`, `classes`, `class_counts`.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.parameter import UninitializedParameter

from project import plugs
from project.cli.faults import fault, if_none
from project.models._summary import Layers, n_parameters, n_trainable
from project.plugs.handing import made

__all__ = ["Layers", "build", "n_parameters", "n_trainable"]


def build(
    shape: tuple[int, int, int],
    n_classes: int,
    hparams: Any,
    there: Mapping[str, Any] | None = None,
) -> nn.Module:
    """The model `hparams.model`, with weights drawn from torch's global generator.

    Only the file of that model is imported; its `build` is handed what it names, and the variant
    if there is one.

    Args:
        shape: channels, height and width of an image.
        n_classes: number of logits.
        hparams: `model`, and what the model's file reads (`hidden_dim`, `width`, `depth`,
            `dropout`, ...).
        there: what else it may ask for, by name.

    Returns:
        A module that maps inputs `(batch, channels, height, width)` float32 to logits `(batch,
        n_classes)`.

    Raises:
        ValueError: no such model or variant, it can't take images of this shape, it asks for what
            there is not, or what it gives is no `nn.Module`.
    """
    if n_classes < 2 or min(shape) < 1:
        raise ValueError(
            f"a classifier needs at least 2 classes and 1 pixel, not {n_classes} classes of shape"
            f" {'x'.join(map(str, shape))}: check --data"
        )
    plug = plugs.find("model", hparams.model)
    known = {"shape": shape, "n_classes": n_classes, "hparams": hparams, **(there or {})}
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
