"""Means and maxima over windows, over a number of places, or over all of a map."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from project.nets.items._catalogue import Shape, item, plain
from project.nets.items._sides import after_window, n_sides, of_each
from project.nets.items._values import Margins, Sizes

Kind = Literal["avg", "max"]
POOLS = {
    "avg": (None, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    "max": (None, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
}
ADAPTIVE = {
    "avg": (None, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    "max": (None, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
}


class Global(nn.Module):
    """Mean or maximum over all places: `(batch, channels, ...)` to `(batch, channels)`."""

    def __init__(self, kind: Kind, sides: int) -> None:
        super().__init__()
        self.kind, self.sides = kind, tuple(range(2, 2 + sides))

    def forward(self, features: Tensor) -> Tensor:
        # Not nn.AdaptiveAvgPool2d: its gradient on a GPU isn't deterministic.
        return features.mean(self.sides) if self.kind == "avg" else features.amax(self.sides)

    def extra_repr(self) -> str:
        return self.kind


@item("pool", main="kind")
def pool(
    shapes: Sequence[Shape],
    *,
    kind: Kind = "max",
    size: Sizes = 2,
    stride: Sizes | None = None,
    padding: Margins = 0,
    ceil: bool = False,
) -> nn.Module:
    """Mean or maximum of each window of `size`, side by side unless a stride is given.

    With `ceil` the last window of a side may reach beyond it, so that none of it is lost.
    """
    (shape,) = shapes
    sides = n_sides(shape, "pool")
    size, padding = of_each(size, sides, "size"), of_each(padding, sides, "padding")
    stride = size if stride is None else of_each(stride, sides, "stride")
    if any(2 * p > s for p, s in zip(padding, size, strict=True)):
        raise ValueError(f"pool's padding {plain(padding)} is more than half its {plain(size)}")
    # With `ceil` all but one of its steps may lie beyond the side.
    reached = tuple(max(1, k - s + 1) if ceil else k for k, s in zip(size, stride, strict=True))
    after_window(shape, "pool", reached, padding, (1,) * sides)
    return POOLS[kind][sides](size, stride, padding, ceil_mode=ceil)


@item("adaptive_pool", main="size")
def adaptive_pool(shapes: Sequence[Shape], *, size: Sizes, kind: Kind = "avg") -> nn.Module:
    """Mean or maximum of windows, as many a side as `size` says, whatever the map's sides are."""
    (shape,) = shapes
    sides = n_sides(shape, "adaptive_pool")
    return ADAPTIVE[kind][sides](of_each(size, sides, "size"))


@item("global_pool", main="kind")
def global_pool(shapes: Sequence[Shape], *, kind: Kind = "avg") -> nn.Module:
    """Mean or maximum of each channel over all places: `(channels, ...)` to `(channels,)`."""
    (shape,) = shapes
    return Global(kind, n_sides(shape, "global_pool"))
