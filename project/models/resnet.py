"""A compact residual network for small images: a pre-activation Wide-ResNet."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from project.models._shape import require_side

TASKS = ("classification",)
MAX_STAGES = 4


class Block(nn.Module):
    """A residual block with dropout between its convolutions.

    Maps `(batch, in_channels, height, width)` to `(batch, out_channels, height / stride, width /
    stride)`, sides rounded up. Source: Zagoruyko and Komodakis, "Wide Residual Networks", 2016,
    figure 1d; the order of the layers is that of He et al., "Identity Mappings in Deep Residual
    Networks", 2016.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = _conv3x3(in_channels, out_channels, stride)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = _conv3x3(out_channels, out_channels)
        self.shortcut: nn.Conv2d | None = None
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        activated = relu(self.norm1(features))
        identity = features if self.shortcut is None else self.shortcut(activated)
        hidden = self.conv1(activated)
        return identity + self.conv2(self.dropout(relu(self.norm2(hidden))))


class Head(nn.Module):
    """Activation, mean over the pixels and a linear layer: features to logits."""

    def __init__(self, channels: int, n_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(relu(self.norm(features)).mean((2, 3)))


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any) -> nn.Module:
    """Stages of `depth` blocks with `width`, 2 `width`, 4 `width`, ... channels, and `dropout`.

    Each stage after the first halves the sides; there are as many, up to 4, as leave them at least
    4 pixels: 2 for sides of 8, 3 for 16, 4 from 32 on. Sides over 64 are first halved to at most
    64.

    Inputs `(batch, channels, height, width)` float32, logits `(batch, n_classes)`.

    Raises:
        ValueError: a side has fewer than 4 pixels.
    """
    require_side(shape, 4, "resnet")
    side, channels = min(shape[1:]), hparams.width
    stem, side = _stem(shape[0], channels, side)
    blocks: list[nn.Module] = []
    for stage in range(n_stages(side)):
        for i in range(hparams.depth):
            stride = 2 if stage > 0 and i == 0 else 1
            out_channels = hparams.width * 2**stage
            blocks.append(Block(channels, out_channels, stride, hparams.dropout))
            channels = out_channels
    head = Head(channels, n_classes)
    model = nn.Sequential(OrderedDict(stem=stem, blocks=nn.Sequential(*blocks), head=head))
    return model.apply(_initialise)


def n_stages(side: int) -> int:
    """Stages for images whose shorter side has `side` pixels: the last one keeps at least 4."""
    return min(MAX_STAGES, side.bit_length() - 2)


def _stem(in_channels: int, channels: int, side: int) -> tuple[nn.Sequential, int]:
    layers: list[nn.Module] = []
    while side > 64:
        layers += [_conv3x3(in_channels, channels, 2), nn.BatchNorm2d(channels), nn.ReLU()]
        in_channels, side = channels, (side + 1) // 2
    return nn.Sequential(*layers, _conv3x3(in_channels, channels)), side


def _conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
