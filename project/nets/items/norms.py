"""Normalisations, by themselves or as a part of a convolution."""

from collections.abc import Sequence
from math import prod
from typing import Literal

from torch import nn

from project.nets.items._catalogue import Shape, item, plain
from project.nets.items._values import Channels

GROUP = 8  # channels, as in `--model unet`
Norm = Literal["batch", "group", "layer", "instance", "none", None]
BATCH = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE = (None, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)


@item("norm", main="kind")
def norm(
    shapes: Sequence[Shape], *, kind: Norm = "batch", groups: Channels | None = None
) -> nn.Module:
    """Normalises over the batch, groups of channels, all of a sample, or each channel of it.

    Source: Wu and He, "Group Normalization", 2018, figure 2: `layer` is one group of all channels,
    `instance` as many as there are channels. Groups have 8 channels unless their number is given,
    or all channels where these are no multiple of 8.
    """
    (shape,) = shapes
    if groups is not None and kind != "group":
        raise ValueError(f"groups are of kind: group, not of kind: {kind}")
    return normalised(shape, kind, groups)


def normalised(shape: Shape, kind: Norm, groups: int | None = None) -> nn.Module:
    """What normalises maps or features of this shape; gain and bias are learnt.

    Raises:
        ValueError: the groups don't divide the channels, or an instance is a single value.
    """
    channels, sides = shape[0], len(shape) - 1
    if kind in (None, "none"):
        return nn.Identity()
    if sides > 3:
        raise ValueError(f"norm takes maps of at most 3 sides, not {plain(shape)}")
    if kind == "batch":
        return BATCH[sides](channels)
    if kind == "instance":
        if prod(shape[1:]) == 1:
            raise ValueError(f"norm of kind: instance leaves nothing of {plain(shape)}: one value")
        return INSTANCE[sides](channels, affine=True)
    groups = groups or (1 if kind == "layer" or channels % GROUP else channels // GROUP)
    if channels % groups:
        raise ValueError(f"norm can't divide {channels} channels of {plain(shape)} by {groups}")
    return nn.GroupNorm(groups, channels)
