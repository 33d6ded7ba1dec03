"""A U-Net, for segmentation: halvings, as many doublings, and at each size what connects them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from project.hyperparameters import flag
from project.models._shape import require_side

TASKS = ("segmentation",)
DEFAULTS = {"batch_size": 32}  # pictures, each of which has thousands of targets


class Settings:
    levels: int = flag(2, "how often a unet halves the sides", bounds="[0, 12]", sweep=(2, 3, 4))
    unet_width: int = flag(
        8,
        "channels of a unet at full size, twice as many at half",
        bounds="[1, 4096]",
        sweep=(8, 16, 32),
    )
    down: str = flag(
        "pool",
        "how a unet halves the sides: maxima, or convolutions",
        choices=("pool", "strided"),
        sweep=("pool", "strided"),
    )
    up: str = flag(
        "transposed",
        "how it doubles them: transposed convolutions, or others and then bilinear interpolation or"
        " the channels' values side by side",
        choices=("transposed", "bilinear", "shuffle"),
        sweep=("transposed", "bilinear", "shuffle"),
    )
    norm: str = flag(
        "batch",
        "what is normalised after its convolutions; a group is of 8 channels, or of all where they"
        " are no multiple of 8",
        choices=("batch", "group", "instance", "none"),
    )


GROUP = 8  # channels
# Adam moves each weight by about the learning rate a step, however large it is. What suits the many
# weights of wide layers is little for those of a narrow net: so they start small where a norm
# follows, to which their size is nothing, and logits are multiplied.
SMALL, GAIN = 0.1, 10.0
# Of the channels, what comes after a convolution.
NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "batch": lambda channels: [nn.BatchNorm2d(channels)],
    "group": lambda channels: [nn.GroupNorm(n_groups(channels), channels)],
    "instance": lambda channels: [nn.InstanceNorm2d(channels, affine=True)],
    "none": lambda channels: [],
}
# Of the channels before and after, what halves or doubles the sides.
DOWN: dict[str, Callable[[int], nn.Module]] = {
    "pool": lambda channels: nn.MaxPool2d(2, ceil_mode=True),
    "strided": lambda channels: nn.Conv2d(channels, channels, 3, 2, padding=1),
}
UP: dict[str, Callable[[int, int], nn.Module]] = {
    "transposed": lambda wide, narrow: nn.ConvTranspose2d(wide, narrow, 2, 2),
    "bilinear": lambda wide, narrow: nn.Sequential(
        nn.Conv2d(wide, narrow, 1), nn.Upsample(scale_factor=2, mode="bilinear")
    ),
    "shuffle": lambda wide, narrow: nn.Sequential(
        nn.Conv2d(wide, 4 * narrow, 1), nn.PixelShuffle(2)
    ),
}


class UNet(nn.Module):
    """Maps `(batch, channels, height, width)` to logits `(batch, n_classes, height, width)`.

    Sides are halved rounded up, and what is doubled loses the last row or column where it has one
    too many, so that images of any size are taken, and pixels stay where they are.

    Source: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    2015, but for borders, which are filled with zeros, and for the normalisation.

    Args:
        channels: of an image.
        n_classes: of the logits.
        width: channels at full size; each halving doubles them.
        levels: halvings.
        depth: convolutions at each size, on the way down and on the way up.
        dropout: probability that one of the smallest features is dropped.
        down, up, norm: as of `Settings`.
    """

    def __init__(
        self,
        channels: int,
        n_classes: int,
        *,
        width: int,
        levels: int,
        depth: int = 2,
        dropout: float = 0.0,
        down: str = "pool",
        up: str = "transposed",
        norm: str = "batch",
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels + 1)]
        befores = [channels, *widths[:-1]]
        self.encoders = nn.ModuleList(
            convolutions(before, after, depth, norm) for before, after in zip(befores, widths)
        )
        self.downs = nn.ModuleList(DOWN[down](narrow) for narrow in widths[:-1])
        self.dropout = nn.Dropout(dropout)
        self.ups = nn.ModuleList(UP[up](2 * narrow, narrow) for narrow in widths[-2::-1])
        self.decoders = nn.ModuleList(
            convolutions(2 * narrow, narrow, depth, norm) for narrow in widths[-2::-1]
        )
        self.head = nn.Conv2d(width, n_classes, 1)
        with torch.no_grad():
            # Not its biases: where all classes began alike, the rarest was learnt last or never.
            self.head.weight /= GAIN

    def forward(self, inputs: Tensor) -> Tensor:
        features, skips = inputs, []
        for encoder, down in zip(self.encoders, self.downs, strict=False):
            skips.append(encoder(features))
            features = down(skips[-1])
        features = self.dropout(self.encoders[-1](features))
        for up, decoder in zip(self.ups, self.decoders, strict=True):
            skip = skips.pop()
            features = decoder(torch.cat([skip, fitted(up(features), skip)], 1))
        return GAIN * self.head(features)


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any) -> nn.Module:
    """A U-Net of `unet_width` and `levels`, with `depth` convolutions at each size, and `dropout`.

    Inputs `(batch, channels, height, width)` float32 of any size, logits `(batch, n_classes,
    height, width)`.

    Raises:
        ValueError: with instances normalised, halved images would be single pixels.
    """
    own = hparams.settings(__name__)
    if own.norm == "instance":
        # One pixel is its own mean.
        require_side(shape, 2**own.levels + 1, f"unet --norm instance --levels {own.levels}")
    return UNet(
        shape[0],
        n_classes,
        width=own.unet_width,
        levels=own.levels,
        depth=hparams.depth,
        dropout=hparams.dropout,
        down=own.down,
        up=own.up,
        norm=own.norm,
    )


def convolutions(before: int, after: int, depth: int, norm: str) -> nn.Sequential:
    """`depth` convolutions that keep the size, each normalised and rectified."""
    layers: list[nn.Module] = []
    for channels in [before] + [after] * (depth - 1):
        # A norm has a bias of its own.
        convolution = nn.Conv2d(channels, after, 3, padding=1, bias=norm == "none")
        if norm != "none":
            with torch.no_grad():
                convolution.weight *= SMALL
        layers += [convolution, *NORMS[norm](after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def n_groups(channels: int) -> int:
    """How many groups of channels are normalised by group."""
    return 1 if channels % GROUP else channels // GROUP


def fitted(features: Tensor, skip: Tensor) -> Tensor:
    """Features `(batch, channels, h, w)` without the last row or column that `skip` lacks."""
    size = skip.shape[2:]
    if torch.compiler.is_exporting():
        # The same, in a form whose size the exporter knows for that of `skip`.
        rows, columns = (torch.arange(n, device=features.device) for n in size)
        return features[:, :, rows][:, :, :, columns]
    return features[:, :, : size[0], : size[1]]
