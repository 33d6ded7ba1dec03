"""Convolutions of one to three dimensions, each with its normalisation and activation."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from project.nets.items._catalogue import Shape, item, plain
from project.nets.items._sides import after_window, n_sides, of_each
from project.nets.items._values import Channels, Margins, Size, Sizes
from project.nets.items.activations import ACTIVATIONS, Act
from project.nets.items.norms import Norm, normalised

CONVOLUTIONS = (None, nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (None, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@item("conv", main="out")
def conv(
    shapes: Sequence[Shape],
    *,
    out: Channels,
    kernel: Sizes = 3,
    stride: Sizes = 1,
    padding: Margins | None = None,
    dilation: Sizes = 1,
    groups: Channels = 1,
    bias: bool | None = None,
    norm: Norm = None,
    act: Act = None,
) -> nn.Module:
    """A convolution to `out` channels, then a normalisation and an activation where they are given.

    It has as many dimensions as the map has sides. Padding not given: half the kernel, so that an
    odd one keeps the sides, or halves them with stride 2, rounded up. A bias not given: there is
    one unless a normalisation follows, which has its own.
    """
    (shape,) = shapes
    sides = n_sides(shape, "conv")
    kernel, stride = of_each(kernel, sides, "kernel"), of_each(stride, sides, "stride")
    dilation = of_each(dilation, sides, "dilation")
    halves = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    padding = halves if padding is None else of_each(padding, sides, "padding")
    after_window(shape, "conv", kernel, padding, dilation)
    _require_groups("conv", shape, out, groups)
    bias = norm in (None, "none") if bias is None else bias
    module = CONVOLUTIONS[sides](
        shape[0], out, kernel, stride, padding, dilation, groups=groups, bias=bias
    )
    return followed(module, (out, *_sides(shape, kernel, stride, padding, dilation)), norm, act)


@item("depthwise")
def depthwise(
    shapes: Sequence[Shape],
    *,
    times: Size = 1,
    kernel: Sizes = 3,
    stride: Sizes = 1,
    padding: Margins | None = None,
    dilation: Sizes = 1,
    bias: bool | None = None,
    norm: Norm = None,
    act: Act = None,
) -> nn.Module:
    """A convolution of each channel by itself, to `times` as many channels; else as conv."""
    (shape,) = shapes
    n_sides(shape, "depthwise")
    return conv(
        shapes,
        out=shape[0] * times,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=shape[0],
        bias=bias,
        norm=norm,
        act=act,
    )


@item("separable", main="out")
def separable(
    shapes: Sequence[Shape],
    *,
    out: Channels,
    kernel: Sizes = 3,
    stride: Sizes = 1,
    dilation: Sizes = 1,
    norm: Norm = None,
    act: Act = None,
) -> nn.Module:
    """A depthwise convolution, then one of single pixels; each with normalisation and activation.

    Source: Howard et al., "MobileNets", 2017, figure 3.
    """
    (shape,) = shapes
    first = depthwise(shapes, kernel=kernel, stride=stride, dilation=dilation, norm=norm, act=act)
    # Sides count only where single values can't be normalised, which the first has refused.
    second = conv([shape], out=out, kernel=1, norm=norm, act=act)
    return nn.Sequential(OrderedDict(depthwise=first, pointwise=second))


@item("conv_transpose", main="out")
def conv_transpose(
    shapes: Sequence[Shape],
    *,
    out: Channels,
    kernel: Sizes = 2,
    stride: Sizes = 2,
    padding: Margins = 0,
    output_padding: Margins = 0,
    dilation: Sizes = 1,
    groups: Channels = 1,
    bias: bool | None = None,
    norm: Norm = None,
    act: Act = None,
) -> nn.Module:
    """A transposed convolution, which doubles the sides unless told otherwise; else as conv."""
    (shape,) = shapes
    sides = n_sides(shape, "conv_transpose")
    kernel, stride = of_each(kernel, sides, "kernel"), of_each(stride, sides, "stride")
    padding, dilation = of_each(padding, sides, "padding"), of_each(dilation, sides, "dilation")
    extra = of_each(output_padding, sides, "output_padding")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(
            f"conv_transpose's output_padding {plain(extra)} must be smaller than its stride"
            f" {plain(stride)} or dilation {plain(dilation)}"
        )
    ends = zip(shape[1:], kernel, stride, padding, dilation, extra, strict=True)
    grown = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in ends)
    if min(grown) < 1:
        raise ValueError(f"conv_transpose leaves nothing of {plain(shape)}: {plain(grown)}")
    _require_groups("conv_transpose", shape, out, groups)
    bias = norm in (None, "none") if bias is None else bias
    module = TRANSPOSED[sides](
        shape[0], out, kernel, stride, padding, extra, groups, bias, dilation
    )
    return followed(module, (out, *grown), norm, act)


def followed(module: nn.Module, shape: Shape, norm: Norm, act: Act) -> nn.Module:
    """A convolution to this shape with what follows it; its weights' names are always the same."""
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=module)
    if norm not in (None, "none"):
        parts["norm"] = normalised(shape, norm)
    if act not in (None, "none"):
        parts["act"] = ACTIVATIONS[act]()
    return nn.Sequential(parts)


def _sides(
    shape: Shape,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> tuple[int, ...]:
    windows = zip(shape[1:], kernel, stride, padding, dilation, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in windows)


def _require_groups(item: str, shape: Shape, out: int, groups: int) -> None:
    if shape[0] % groups or out % groups:
        raise ValueError(
            f"{item} can't divide {shape[0]} channels of {plain(shape)} and out: {out} by"
            f" groups: {groups}"
        )
