"""HRNet's trunk: residual blocks, and stages each of which has a smaller scale more."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import relu

from project.nets.fusion import Fusion, convolution

EXPANSION = 4  # a bottleneck's outputs have that many times the channels within


class Residual(nn.Module):
    """Convolutions beside a shortcut, rectified after the sum; the size stays.

    Maps `(batch, before, height, width)` to `(batch, after, height, width)`.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2016, figure 5.

    Args:
        before: channels that come in.
        after: channels that come out.
        convolutions: beside the shortcut, the last one without activation.
    """

    def __init__(self, before: int, after: int, convolutions: list[nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(*convolutions)
        same = before == after
        self.shortcut = nn.Identity() if same else nn.Sequential(*convolution(before, after, 1))

    def forward(self, features: Tensor) -> Tensor:
        return relu(self.body(features) + self.shortcut(features))


def basic(before: int, after: int) -> Residual:
    """Two 3x3 convolutions beside a shortcut."""
    layers = [*convolution(before, after, 3), nn.ReLU(inplace=True), *convolution(after, after, 3)]
    return Residual(before, after, layers)


def bottleneck(before: int, within: int) -> Residual:
    """Convolutions of 1x1, 3x3 and 1x1 pixels, the last one to `EXPANSION * within` channels."""
    after = EXPANSION * within
    layers = [
        *(*convolution(before, within, 1), nn.ReLU(inplace=True)),
        *(*convolution(within, within, 3), nn.ReLU(inplace=True)),
        *convolution(within, after, 1),
    ]
    return Residual(before, after, layers)


class Exchange(nn.Module):
    """Blocks in each branch, and then their fusion."""

    def __init__(self, channels: Sequence[int], blocks: int, n_outputs: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(*(basic(c, c) for _ in range(blocks))) for c in channels
        )
        self.fusion = Fusion(channels, n_outputs)

    def forward(self, *branches: Tensor) -> tuple[Tensor, ...]:
        pairs = zip(self.branches, branches, strict=True)
        return self.fusion(*(blocks(branch) for blocks, branch in pairs))


class Stage(nn.Module):
    """One branch more than before, of half the size, and modules that exchange.

    Args:
        before: channels of the branches that come in.
        channels: of those that come out, one more.
        modules: how many times the branches exchange.
        blocks: in each branch of each module.
        n_outputs: of the last module.
    """

    def __init__(
        self,
        before: Sequence[int],
        channels: Sequence[int],
        modules: int,
        blocks: int,
        n_outputs: int,
    ) -> None:
        super().__init__()
        kept = zip(before, channels, strict=False)
        self.transitions = nn.ModuleList(_fitted(*pair) for pair in kept)
        halving = convolution(before[-1], channels[-1], 3, 2)
        self.transitions.append(nn.Sequential(*halving, nn.ReLU(inplace=True)))
        counts = [len(channels)] * (modules - 1) + [n_outputs]
        self.exchanges = nn.ModuleList(Exchange(channels, blocks, n) for n in counts)

    def forward(self, *branches: Tensor) -> tuple[Tensor, ...]:
        pairs = zip(self.transitions, (*branches, branches[-1]), strict=True)
        branches = tuple(transition(branch) for transition, branch in pairs)
        for exchange in self.exchanges:
            branches = exchange(*branches)
        return branches


class Trunk(nn.Module):
    """Maps images `(batch, in_channels, height, width)` to features of each branch.

    Args:
        in_channels: of an image.
        stem_width: channels of the two convolutions before the stages.
        stem_stride: by what they divide the sides, rounded up: 1, 2 or 4.
        bottleneck_width: channels within the first stage's bottlenecks.
        channels: of each branch, from the largest scale on; as many stages.
        modules: of each stage.
        blocks: of each module; `modules[0] * blocks[0]` bottlenecks are the first stage.
        n_outputs: branches that the last fusion gives, from the largest scale on.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        stem_width: int,
        stem_stride: int,
        bottleneck_width: int,
        channels: Sequence[int],
        modules: Sequence[int],
        blocks: Sequence[int],
        n_outputs: int,
    ) -> None:
        super().__init__()
        first, second = (2 if stem_stride > 1 else 1), (2 if stem_stride > 2 else 1)
        stem = [*convolution(in_channels, stem_width, 3, first), nn.ReLU(inplace=True)]
        stem += [*convolution(stem_width, stem_width, 3, second), nn.ReLU(inplace=True)]
        self.stem = nn.Sequential(*stem)
        befores = [stem_width] + [EXPANSION * bottleneck_width] * (modules[0] * blocks[0])
        self.stage1 = nn.Sequential(*(bottleneck(b, bottleneck_width) for b in befores[:-1]))
        self.later = [f"stage{i}" for i in range(2, len(channels) + 1)]
        before: Sequence[int] = befores[-1:]
        for i, name in enumerate(self.later, 2):
            n = n_outputs if i == len(channels) else i
            stage = Stage(before, channels[:i], modules[i - 1], blocks[i - 1], n)
            self.add_module(name, stage)
            before = channels[:i]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        branches: tuple[Tensor, ...] = (self.stage1(self.stem(images)),)
        for name in self.later:
            branches = getattr(self, name)(*branches)
        return branches


def _fitted(before: int, after: int) -> nn.Module:
    if before == after:
        return nn.Identity()
    return nn.Sequential(*convolution(before, after, 3), nn.ReLU(inplace=True))
