"""What makes logits of an HRNet's branches: of the largest one, or of all."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from project.models._trunk import EXPANSION, bottleneck
from project.nets.fusion import convolution, resized


class Pooled(nn.Module):
    """Logits `(batch, n_classes)` from the means of the largest branch, the output of V1."""

    def __init__(self, channels: Sequence[int], n_classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.linear = nn.Dropout(dropout), nn.Linear(channels[0], n_classes)

    def forward(self, *branches: Tensor) -> Tensor:
        return self.linear(self.dropout(branches[0].mean((2, 3))))


class Published(nn.Module):
    """Logits `(batch, n_classes)` of all branches, each widened, halved, and added to the next.

    Source: the authors' code, HRNet-Image-Classification; Wang et al. 2020, appendix.

    Args:
        channels: of each branch.
        n_classes: of the logits.
        width: channels within the first bottleneck; twice as many in each next one.
        dropout: probability that a feature of the last layer is dropped.
    """

    def __init__(self, channels: Sequence[int], n_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        widths = [width * 2**i for i in range(len(channels))]
        wide = [EXPANSION * w for w in widths]
        self.widen = nn.ModuleList(map(bottleneck, channels, widths))
        self.halve = nn.ModuleList(
            _with_bias(wide[i], wide[i + 1], 3, 2) for i in range(len(wide) - 1)
        )
        self.last = _with_bias(wide[-1], 2 * wide[-1], 1)
        self.dropout, self.linear = nn.Dropout(dropout), nn.Linear(2 * wide[-1], n_classes)

    def forward(self, *branches: Tensor) -> Tensor:
        total = self.widen[0](branches[0])
        for widen, halve, branch in zip(self.widen[1:], self.halve, branches[1:], strict=True):
            total = widen(branch) + halve(total)
        return self.linear(self.dropout(self.last(total).mean((2, 3))))


class Pixels(nn.Module):
    """Logits of each feature of the largest branch, from all branches at its size: V2.

    Source: Wang et al. 2020, section 3.3.
    """

    def __init__(self, channels: Sequence[int], n_classes: int, dropout: float) -> None:
        super().__init__()
        total = sum(channels)
        self.mix = nn.Sequential(*convolution(total, total, 1), nn.ReLU(inplace=True))
        self.dropout, self.logits = nn.Dropout(dropout), nn.Conv2d(total, n_classes, 1)

    def forward(self, *branches: Tensor) -> Tensor:
        first, *smaller = branches
        together = [first, *(resized(branch, first, "bilinear") for branch in smaller)]
        return self.logits(self.dropout(self.mix(torch.cat(together, 1))))


def _with_bias(before: int, after: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """As published: a bias, though a norm follows, which has one of its own."""
    layer = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2)
    return nn.Sequential(layer, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
