"""Layers of weights between features, and what makes features of images."""

from collections.abc import Sequence

from torch import nn

from project.nets.items._catalogue import Shape, item, plain
from project.nets.items._values import Channels


@item("linear", main="out")
def linear(shapes: Sequence[Shape], *, out: Channels, bias: bool = True) -> nn.Module:
    """A weighted sum of all features, `(features,)` to `(out,)`."""
    (shape,) = shapes
    if len(shape) != 1:
        raise ValueError(
            f"linear takes features alone, not {plain(shape)}: put flatten or global_pool before it"
        )
    return nn.Linear(shape[0], out, bias)


@item("flatten")
def flatten(shapes: Sequence[Shape]) -> nn.Module:
    """All values of a sample one after another: `(channels, height, width)` to `(features,)`."""
    return nn.Flatten()


@item("identity")
def identity(shapes: Sequence[Shape]) -> nn.Module:
    """What comes goes on: a place to name, or to link from."""
    return nn.Identity()
