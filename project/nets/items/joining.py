"""Several maps become one: sums, concatenations and what compares two."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, mul
from typing import Literal

import torch
from torch import Tensor, nn

from project.nets.items._catalogue import Shape, item, shown
from project.nets.items._fitting import resized

Kind = Literal["sum", "mean", "product", "absdiff", "concat"]
JOINS: dict[str, Callable[[Sequence[Tensor]], Tensor]] = {
    "sum": lambda maps: reduce(add, maps),
    "mean": lambda maps: reduce(add, maps) / len(maps),
    "product": lambda maps: reduce(mul, maps),
    "absdiff": lambda maps: (maps[0] - maps[1]).abs(),
    "concat": lambda maps: torch.cat(tuple(maps), 1),
}


class Join(nn.Module):
    """One of `JOINS` of `(batch, channels, ...)` maps, of the first one's size if `resize`."""

    def __init__(self, kind: Kind, resize: bool) -> None:
        super().__init__()
        self.kind, self.resize = kind, resize

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        if self.resize:
            others = tuple(resized(other, first.shape[2:]) for other in others)
        return JOINS[self.kind]((first, *others))

    def extra_repr(self) -> str:
        return f"{self.kind}{', resize' if self.resize else ''}"


@item("residual", inputs=(2, None))
def residual(shapes: Sequence[Shape], *, resize: bool = False) -> nn.Module:
    """Adds the maps of `from` to what came before; `resize` brings them to its size, bilinearly.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2016, equation 1.
    """
    return _joined("residual", "sum", shapes, resize)


@item("dense", inputs=(2, None))
def dense(shapes: Sequence[Shape], *, resize: bool = False) -> nn.Module:
    """Puts the channels of `from` behind those before; `resize` brings them to the same size.

    Source: Huang et al., "Densely Connected Convolutional Networks", 2017, equation 2.
    """
    return _joined("dense", "concat", shapes, resize)


@item("join", main="kind", inputs=(2, None))
def join(shapes: Sequence[Shape], *, kind: Kind, resize: bool = False) -> nn.Module:
    """Sum, mean, product, absolute difference (of two) or concatenation of all its inputs."""
    if kind == "absdiff" and len(shapes) != 2:
        raise ValueError(f"join of kind: absdiff takes two inputs, not {len(shapes)}")
    return _joined(f"join of kind: {kind}", kind, shapes, resize)


def _joined(item: str, kind: Kind, shapes: Sequence[Shape], resize: bool) -> nn.Module:
    first, *others = shapes
    if any(len(shape) != len(first) for shape in others):
        raise ValueError(f"{item} can't have {shown(shapes)}: they have not as many sides")
    if kind != "concat" and any(shape[0] != first[0] for shape in others):
        raise ValueError(
            f"{item} can't have {shown(shapes)}: their channels differ; put a conv with kernel: 1"
            " before, or use dense"
        )
    if not resize and any(shape[1:] != first[1:] for shape in others):
        raise ValueError(
            f"{item} can't have {shown(shapes)}: their sizes differ; resize: true brings all to the"
            " first one's"
        )
    return Join(kind, resize and len(first) > 1)
