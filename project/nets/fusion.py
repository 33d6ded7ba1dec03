"""What HRNet's branches of several scales tell each other: each gets the sum of all."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate, relu


class Fusion(nn.Module):
    """Maps features at scales 1, 1/2, 1/4, ... to as many, `out_i = relu(sum_j f_ij(in_j))`.

    `f_ij` of a smaller scale is a 1x1 convolution, a norm, and the nearest pixels at the size of
    branch i; of a larger one 3x3 convolutions of stride 2, each with a norm, rectified between
    them; of the same the identity.

    Inputs and outputs are `(batch, channels[i], height_i, width_i)`; each side is half of the one
    before, rounded up.

    Source: Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition",
    2020, section 3.2; resizing to a size, not by a factor, lets sides be of any length.

    Args:
        channels: of each branch, from the largest scale on.
        n_outputs: for how many of them, from the first on, there is an output; None: for all.
    """

    def __init__(self, channels: Sequence[int], n_outputs: int | None = None) -> None:
        super().__init__()
        n_outputs = len(channels) if n_outputs is None else n_outputs
        self.ways = nn.ModuleList(
            nn.ModuleList(_way(channels, j, i) for j in range(len(channels)))
            for i in range(n_outputs)
        )

    def forward(self, *branches: Tensor) -> tuple[Tensor, ...]:
        return tuple(self._output(i, branches) for i in range(len(self.ways)))

    def _output(self, i: int, branches: Sequence[Tensor]) -> Tensor:
        total = self.ways[i][0](branches[0])
        for j in range(1, len(branches)):
            part = self.ways[i][j](branches[j])
            total = total + (resized(part, branches[i]) if j > i else part)
        return relu(total)


def resized(features: Tensor, target: Tensor, mode: str = "nearest") -> Tensor:
    """Features `(batch, channels, h, w)` with the height and width of `target`."""
    return interpolate(features, size=target.shape[2:], mode=mode)


def halved(before: int, between: int, after: int, times: int) -> nn.Sequential:
    """3x3 convolutions of stride 2, each with a norm, rectified but for the last.

    Args:
        before: channels that come in.
        between: channels of all outputs but the last.
        after: channels of the last output.
        times: how many there are.
    """
    layers: list[nn.Module] = []
    for last in [False] * (times - 1) + [True]:
        layers += convolution(before, after if last else between, 3, 2)
        layers += [] if last else [nn.ReLU(inplace=True)]
        before = between
    return nn.Sequential(*layers)


def convolution(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size, or divides it rounded up, and its norm."""
    padding = kernel // 2
    layer = nn.Conv2d(before, after, kernel, stride, padding=padding, bias=False)
    return [layer, nn.BatchNorm2d(after)]


def _way(channels: Sequence[int], source: int, target: int) -> nn.Module:
    if source == target:
        return nn.Identity()
    before, after = channels[source], channels[target]
    if source > target:
        return nn.Sequential(*convolution(before, after, 1))
    return halved(before, before, after, target - source)
