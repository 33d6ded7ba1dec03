"""Maps of another size: by a factor, to a size, or to that of another map."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from project.nets.items._catalogue import Shape, item, plain, shown
from project.nets.items._fitting import LINEAR, resized
from project.nets.items._sides import n_sides, of_each
from project.nets.items._values import Size, Sizes

Kind = Literal["nearest", "bilinear"]


class Resize(nn.Module):
    """A map `(batch, channels, ...)` of a given size, or of that of the second input."""

    def __init__(self, kind: Kind, size: tuple[int, ...] | None) -> None:
        super().__init__()
        self.kind, self.size = kind, size

    def forward(self, features: Tensor, like: Tensor | None = None) -> Tensor:
        size = like.shape[2:] if like is not None else torch.Size(self.size)
        return resized(features, size, self.kind)


class Crop(nn.Module):
    """A map `(batch, channels, ...)` without the last places of each side that `like` lacks."""

    def forward(self, features: Tensor, like: Tensor) -> Tensor:
        sides = like.shape[2:]
        if not torch.compiler.is_exporting():
            return features[(slice(None), slice(None), *map(slice, sides))]
        # The same, in a form whose size the exporter knows for that of `like`.
        for dim, size in enumerate(sides, 2):
            features = features.index_select(dim, torch.arange(size, device=features.device))
        return features


@item("upsample", main="factor")
def upsample(shapes: Sequence[Shape], *, factor: Size = 2, kind: Kind = "nearest") -> nn.Module:
    """Sides `factor` times as long: values repeated, or linear between their neighbours.

    See conv_transpose and pixel_shuffle for those that learn it.
    """
    (shape,) = shapes
    mode = "nearest" if kind == "nearest" else LINEAR[n_sides(shape, "upsample")]
    return nn.Upsample(scale_factor=factor, mode=mode)


@item("pixel_shuffle", main="factor")
def pixel_shuffle(shapes: Sequence[Shape], *, factor: Size = 2) -> nn.Module:
    """Sides of an image `factor` times as long, of channels laid side by side.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016, equation 4.
    """
    (shape,) = shapes
    _require_image("pixel_shuffle", shape)
    if shape[0] % factor**2:
        raise ValueError(
            f"pixel_shuffle by {factor} needs channels in multiples of {factor**2}, not"
            f" {shape[0]} of {plain(shape)}"
        )
    return nn.PixelShuffle(factor)


@item("pixel_unshuffle", main="factor")
def pixel_unshuffle(shapes: Sequence[Shape], *, factor: Size = 2) -> nn.Module:
    """The reverse of pixel_shuffle: shorter sides, more channels, and nothing is lost."""
    (shape,) = shapes
    _require_image("pixel_unshuffle", shape)
    if any(side % factor for side in shape[1:]):
        raise ValueError(
            f"pixel_unshuffle by {factor} needs sides in its multiples: {plain(shape)}"
        )
    return nn.PixelUnshuffle(factor)


@item("resize", inputs=(1, 2))
def resize(
    shapes: Sequence[Shape], *, size: Sizes | None = None, kind: Kind = "bilinear"
) -> nn.Module:
    """Brings a map to a size, or to that of `from`."""
    sides = n_sides(shapes[0], "resize")
    if (size is None) == (len(shapes) == 1):
        raise ValueError("resize needs either a size or the map to be like, with from")
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError(f"resize can't have {shown(shapes)}: they have not as many sides")
    return Resize(kind, None if size is None else of_each(size, sides, "size"))


@item("crop", inputs=(2, 2))
def crop(shapes: Sequence[Shape]) -> nn.Module:
    """Cuts off the last rows and columns that `from` lacks, as where an odd side was doubled."""
    first, like = shapes
    n_sides(first, "crop")
    if len(first) != len(like) or any(n < m for n, m in zip(first[1:], like[1:], strict=True)):
        raise ValueError(f"crop can't cut {shown(shapes)}: the second must be no larger")
    return Crop()


def _require_image(item: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise ValueError(f"{item} takes images of channels, height and width, not {plain(shape)}")
