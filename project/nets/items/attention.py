"""Gates that weigh channels or places of a map by what is in it, or in another."""

from collections.abc import Sequence
from math import log2

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from project.nets.items._catalogue import Shape, item, plain, shown
from project.nets.items._fitting import resized
from project.nets.items._sides import n_sides
from project.nets.items._values import Channels, Size
from project.nets.items.convolutions import CONVOLUTIONS


class SqueezeExcite(nn.Module):
    """Weighs each channel of `(batch, channels, ...)` by two linear layers on all channels' means.

    Source: Hu et al., "Squeeze-and-Excitation Networks", 2018, equations 2 to 4.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, features: Tensor) -> Tensor:
        means = features.flatten(2).mean(2)
        gates = torch.sigmoid(self.excite(relu(self.squeeze(means))))
        return features * gates.unflatten(1, (-1, *[1] * (features.dim() - 2)))


class ECA(nn.Module):
    """Weighs each channel by a convolution over its neighbours' means, `kernel` of them.

    Source: Wang et al., "ECA-Net", 2020, equations 9 and 12.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        means = features.flatten(2).mean(2)
        gates = torch.sigmoid(self.conv(means[:, None])[:, 0])
        return features * gates.unflatten(1, (-1, *[1] * (features.dim() - 2)))


class AttentionGate(nn.Module):
    """Weighs the places of `features` by a coarser map, `gating`, of the layers above.

    `(batch, gating channels, ...)` and `(batch, channels, ...)` to the shape of the second.

    Source: Oktay et al., "Attention U-Net", 2018, equations 1 and 2, with its steps of two pixels.
    """

    def __init__(self, gating: int, channels: int, hidden: int, sides: int, factor: int) -> None:
        super().__init__()
        convolution = CONVOLUTIONS[sides]
        self.theta = convolution(channels, hidden, factor, factor, bias=False)
        self.phi = convolution(gating, hidden, 1)
        self.psi = convolution(hidden, 1, 1)

    def forward(self, gating: Tensor, features: Tensor) -> Tensor:
        keys = self.theta(features)
        query = resized(self.phi(gating), keys.shape[2:])
        gates = torch.sigmoid(self.psi(relu(keys + query)))
        return features * resized(gates, features.shape[2:])


@item("squeeze_excite", main="ratio")
def squeeze_excite(shapes: Sequence[Shape], *, ratio: Channels = 16) -> nn.Module:
    """Weighs channels by their means, through `channels / ratio` hidden units, at least one."""
    (shape,) = shapes
    n_sides(shape, "squeeze_excite")
    return SqueezeExcite(shape[0], max(1, shape[0] // ratio))


@item("eca", main="kernel")
def eca(shapes: Sequence[Shape], *, kernel: Size | None = None) -> nn.Module:
    """Weighs channels by their neighbours' means; not given, the paper says how many of them.

    That is the odd number at or next above |log2(channels) / 2 + 1 / 2|, its fraction left off.
    """
    (shape,) = shapes
    n_sides(shape, "eca")
    kernel = kernel or int(log2(shape[0]) / 2 + 1 / 2) | 1
    if kernel % 2 == 0:
        raise ValueError(f"eca needs an odd kernel, not {kernel}")
    return ECA(kernel)


@item("attention_gate", main="hidden", inputs=(2, 2))
def attention_gate(
    shapes: Sequence[Shape], *, hidden: Channels | None = None, factor: Size = 2
) -> nn.Module:
    """Weighs the places of `from` by what came before, a coarser map; gives the shape of `from`.

    Each `factor` pixels a side share their weights' features, of which there are half as many as
    channels unless `hidden` is given.
    """
    gating, shape = shapes
    sides = n_sides(shape, "attention_gate")
    if len(gating) != len(shape):
        raise ValueError(f"attention_gate can't have {shown(shapes)}: they have not as many sides")
    if min(shape[1:]) < factor:
        raise ValueError(f"attention_gate with factor: {factor} leaves nothing of {plain(shape)}")
    return AttentionGate(gating[0], shape[0], hidden or max(1, shape[0] // 2), sides, factor)
