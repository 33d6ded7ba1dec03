"""Functions of each value alone, and dropout."""

from collections.abc import Callable, Sequence
from typing import Literal

from torch import nn

from project.nets.items._catalogue import Shape, item
from project.nets.items._sides import n_sides
from project.nets.items._values import Share

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "celu": nn.CELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "none": nn.Identity,
}
CHANNELS = (None, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
Act = Literal[*ACTIVATIONS, None]  # none, or null, in a file: no function


@item("act", main="kind")
def act(shapes: Sequence[Shape], *, kind: Act) -> nn.Module:
    """A function of each value alone, as PyTorch has it: `relu`, `gelu`, `silu`, ..."""
    return ACTIVATIONS[kind or "none"]()


@item("dropout", main="p")
def dropout(
    shapes: Sequence[Shape], *, p: Share, kind: Literal["units", "channels"] = "units"
) -> nn.Module:
    """Sets values, or whole channels, to zero in training, each with probability `p`."""
    (shape,) = shapes
    if kind == "units":
        return nn.Dropout(p)
    return CHANNELS[n_sides(shape, "dropout of kind: channels")](p)
