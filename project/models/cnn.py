"""A plain convolutional network: pairs of convolutions between poolings, then a hidden layer."""

from collections import OrderedDict
from typing import Any

from torch import Tensor, nn

from project.models._shape import require_side

TASKS = ("classification",)


class GlobalAverage(nn.Module):
    """Mean over the pixels: `(batch, channels, height, width)` to `(batch, channels)`."""

    def forward(self, features: Tensor) -> Tensor:
        # Not nn.AdaptiveAvgPool2d: its gradient on a GPU isn't deterministic.
        return features.mean((2, 3))


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any) -> nn.Module:
    """`depth` blocks, the first with `width` channels; a head of `hidden_dim` units with `dropout`.

    Each block halves the sides while they are at least 4 pixels, and the next one has twice its
    channels.

    Inputs `(batch, channels, height, width)` float32, logits `(batch, n_classes)`.

    Raises:
        ValueError: a side has fewer than 4 pixels.
    """
    require_side(shape, 4, "cnn")
    channels, side, width = shape[0], min(shape[1:]), hparams.width
    blocks = []
    for _ in range(hparams.depth):
        # Normalised maps keep at least 2x2 pixels, so that a batch of one sample has a variance.
        halve = side >= 4
        blocks.append(_block(channels, width, halve))
        channels = width
        if halve:
            side, width = side // 2, width * 2
    head = nn.Sequential(
        GlobalAverage(),
        nn.Linear(channels, hparams.hidden_dim),
        nn.GELU(),
        nn.Dropout(hparams.dropout),
        nn.Linear(hparams.hidden_dim, n_classes),
    )
    return nn.Sequential(OrderedDict(blocks=nn.Sequential(*blocks), head=head))


def _block(in_channels: int, out_channels: int, halve: bool) -> nn.Sequential:
    layers = [*_convolution(in_channels, out_channels), *_convolution(out_channels, out_channels)]
    return nn.Sequential(*layers, *([nn.AvgPool2d(2)] if halve else []))


def _convolution(in_channels: int, out_channels: int) -> list[nn.Module]:
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(out_channels), nn.GELU()]
