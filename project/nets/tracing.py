"""What a module makes of shapes: found by running it on the meta device, which computes nothing."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from project.nets.items import Shape, plain
from project.words.telling import clipped

BATCH = 2
# In what PyTorch says of an input that a kernel does not fit into.
_TOO_SMALL = ("too small", "greater than actual input size", "can't be greater than", "non-zero")


def blank(shape: Shape) -> Tensor:
    """What stands for a batch of this shape."""
    return torch.empty(BATCH, *shape, device="meta")


def run(module: nn.Module, inputs: Sequence[Any]) -> Any:
    """What a module gives on the meta device: a tensor, or several in a tuple or by name.

    Raises:
        ValueError: it can't take such inputs, leaves nothing of them, or gives no tensor; the
            shapes are named.
    """
    tensors = [tensor for each in inputs for tensor in several(each) or [each]]
    given = " and ".join(plain(tuple(each.shape[1:])) for each in tensors)
    try:
        with torch.no_grad():
            found = module.eval()(*inputs)
    except Exception as error:
        if any(sign in str(error) for sign in _TOO_SMALL):
            raise ValueError(f"leaves nothing of {given}: it is too small") from error
        raise ValueError(f"can't take {given}: {first_line(error)}") from error
    found = tuple(found) if isinstance(found, list) else found
    for each in several(found) or [found]:
        if not isinstance(each, Tensor) or each.ndim < 1 or each.shape[0] != BATCH:
            what = f"{tuple(each.shape)}" if isinstance(each, Tensor) else type(each).__name__
            raise ValueError(f"makes {what} of a batch of {BATCH}, no tensor with the batch first")
        if 0 in each.shape:
            raise ValueError(f"leaves nothing of {given}: {plain(tuple(each.shape[1:]))}")
    return found


def several(value: Any) -> list[Any]:
    """The tensors of a tuple or a mapping; none where it is a single one."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, tuple) else []


def first_line(error: BaseException) -> str:
    """What an error says, in a line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return clipped(lines[0].rstrip("."), 300)
