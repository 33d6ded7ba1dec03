"""Models, one file each: `--model NAME` is `models/NAME.py`; `NAME:VARIANT` adds a variant."""

from importlib import import_module
from inspect import signature
from typing import Any

from torch import nn

from project.cli.fields import plugs
from project.cli.words import did_you_mean
from project.models._summary import n_parameters, n_trainable, summary

__all__ = ["build", "n_parameters", "n_trainable", "summary"]


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any) -> nn.Module:
    """The model `hparams.model`, with weights drawn from torch's global generator.

    Only the file of that model is imported; its `build` gets these arguments, and the variant if
    there is one.

    Args:
        shape: channels, height and width of an image.
        n_classes: number of logits.
        hparams: `model`, and what the model's file reads (`hidden_dim`, `width`, `depth`,
        `dropout`, ...).

    Returns:
        A module that maps inputs `(batch, channels, height, width)` float32 to logits `(batch,
        n_classes)`.

    Raises:
        ValueError: no such model or variant, or it can't take images of this shape.
    """
    if n_classes < 2 or min(shape) < 1:
        raise ValueError(
            f"a classifier needs at least 2 classes and 1 pixel, not {n_classes} classes of shape"
            f" {'x'.join(map(str, shape))}: check --data"
        )
    name, colon, variant = hparams.model.partition(":")
    if name not in plugs("models"):
        near = did_you_mean(name, plugs("models"))
        raise ValueError(
            f"--model {name!r} is unknown{near} (choices: {', '.join(plugs('models'))})"
        )
    module = import_module(f"project.models.{name.replace('-', '_')}")
    takes_variant = "variant" in signature(module.build).parameters
    if takes_variant != bool(colon):
        form = f"{name}:NAME" if takes_variant else name
        raise ValueError(
            f"--model {hparams.model!r}: {name} takes {'a' if takes_variant else 'no'} variant,"
            f" write --model {form}"
        )
    return module.build(shape, n_classes, hparams, *([variant] if colon else []))
