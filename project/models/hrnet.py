"""HRNet: branches of several scales side by side that exchange what they find, from end to end."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from project.hyperparameters import flag
from project.models._heads import Pixels, Pooled, Published
from project.models._trunk import Trunk
from project.nets.fusion import resized

TASKS = ("classification", "segmentation")
DEFAULTS = {"width": 16, "depth": 1, "learning_rate": 0.01}  # narrow, so that it trains on CPUs


class Settings:
    stages: int = flag(
        3,
        "stages of an hrnet, each after the first with a further branch of half the size",
        bounds="[2, 8]",
        sweep=(2, 3, 4),
    )
    branch_channels: tuple[int, ...] = flag(
        (), "channels of each branch; not given: width, 2 width, 4 width, ...", bounds="[1, 65536]"
    )
    modules: tuple[int, ...] = flag(
        (1,), "how often branches exchange in each stage; one number: in all", bounds="[1, 100]"
    )
    blocks: tuple[int, ...] = flag(
        (), "residual blocks between exchanges, of each stage; not given: depth", bounds="[1, 100]"
    )
    stem_stride: int = flag(
        1, "by what an hrnet first divides the sides; 4 as published", choices=(1, 2, 4)
    )
    stem_width: int = flag(16, "channels before the stages; 64 as published", bounds="[1, 65536]")
    bottleneck_width: int = flag(
        8, "channels within the first stage's blocks; 32 or 64 as published", bounds="[1, 65536]"
    )
    head: str = flag(
        "pooled",
        "what classifies: the mean of the largest branch, or the published head, in which each"
        " branch is widened and the next one added; masks come of all branches at once",
        choices=("pooled", "published"),
    )
    head_width: int = flag(
        32,
        "channels within the published head's first block, twice as many in each next one",
        bounds="[1, 65536]",
    )


class HRNet(nn.Module):
    """Maps `(batch, channels, height, width)`, of any size, to logits.

    Those of classes are `(batch, n_classes)`, those of `Pixels` are brought to the images' size:
    `(batch, n_classes, height, width)`.

    Source: Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition",
    2020.

    Args:
        trunk: gives features of several scales.
        head: makes logits of them.
    """

    def __init__(self, trunk: Trunk, head: nn.Module) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        logits = self.head(*self.trunk(images))
        return resized(logits, images, "bilinear") if logits.ndim == 4 else logits


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any, task: Any = None) -> nn.Module:
    """An HRNet of `stages`, `width`, 2 `width`, ... channels, `depth` blocks between two fusions.

    Dropout comes before the last layer. Inputs `(batch, channels, height, width)` float32 of any
    size; logits `(batch, n_classes)`, of a task with masks `(batch, n_classes, height, width)`.

    `--stages 4 --width 16 --blocks 1 2 2 2 --stem-stride 4 --stem-width 64 --bottleneck-width 32
    --head published --dropout 0` is timm's `hrnet_w18_small`.

    Raises:
        ValueError: there is not one number for each stage.
    """
    own = hparams.settings(__name__)
    masks = task is not None and task.accepts == "masks"
    channels = own.branch_channels or tuple(hparams.width * 2**i for i in range(own.stages))
    _check(own, channels)
    pooled = own.head == "pooled" and not masks
    trunk = Trunk(
        shape[0],
        stem_width=own.stem_width,
        stem_stride=own.stem_stride,
        bottleneck_width=own.bottleneck_width,
        channels=channels,
        modules=_each(own.modules, own.stages),
        blocks=_each(own.blocks or (hparams.depth,), own.stages),
        n_outputs=1 if pooled else own.stages,
    )
    if masks:
        return HRNet(trunk, Pixels(channels, n_classes, hparams.dropout))
    if pooled:
        return HRNet(trunk, Pooled(channels, n_classes, hparams.dropout))
    return HRNet(trunk, Published(channels, n_classes, own.head_width, hparams.dropout))


def _check(own: Any, channels: Sequence[int]) -> None:
    """Refuse settings that don't give each stage one number.

    Raises:
        ValueError: a line for each that doesn't.
    """
    given = {"branch-channels": channels, "modules": own.modules, "blocks": own.blocks}
    problems = [
        f"--{name} {' '.join(map(str, values))} are {len(values)} numbers for --stages {own.stages}"
        for name, values in given.items()
        if len(values) not in ((own.stages,) if name == "branch-channels" else (0, 1, own.stages))
    ]
    if not own.modules:
        problems.append("--modules needs at least one number")
    if problems:
        raise ValueError("\n".join(problems))


def _each(values: tuple[int, ...], stages: int) -> tuple[int, ...]:
    return values if len(values) == stages else values * stages


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
