"""Weighted sums of all features, and how values lie: flattened, in another shape, as they are."""

from collections.abc import Sequence
from math import prod
from typing import Annotated

from torch import nn

from project.nets.items._catalogue import Shape, item, plain
from project.nets.items._values import Channels, Within


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


@item("reshape", main="shape")
def reshape(
    shapes: Sequence[Shape], *, shape: Annotated[tuple[int, ...], Within(1, 1_000_000)]
) -> nn.Module:
    """The same values in another shape, as features become a map: `[16, 4, 4]`."""
    (old,) = shapes
    if prod(old) != prod(shape):
        raise ValueError(
            f"reshape has {prod(old)} values of {plain(old)}, but {plain(shape)} holds"
            f" {prod(shape)}"
        )
    return nn.Sequential(nn.Flatten(), nn.Unflatten(1, shape))


@item("identity")
def identity(shapes: Sequence[Shape]) -> nn.Module:
    """What comes goes on: a place to name, or to link from."""
    return nn.Identity()
