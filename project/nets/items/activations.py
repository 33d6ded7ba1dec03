"""Functions of each value alone, and dropout."""

from collections.abc import Callable, Sequence
from typing import Literal

from torch import nn

from project.nets.items._catalogue import Shape, item

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
Act = Literal[*ACTIVATIONS, None]  # none, or null, in a file: no function


@item("act", main="kind")
def act(shapes: Sequence[Shape], *, kind: Act) -> nn.Module:
    """A function of each value alone, as PyTorch has it: `relu`, `gelu`, `silu`, ..."""
    return ACTIVATIONS[kind or "none"]()
