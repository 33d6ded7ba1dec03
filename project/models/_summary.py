"""How many parameters a model has, and a table of its layers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

HEADER = ("layer", "type", "output shape", "parameters")


def n_parameters(model: nn.Module) -> int:
    """Numbers in all parameters of `model`, a shared one counted once."""
    return sum(p.numel() for p in model.parameters())


def n_trainable(model: nn.Module) -> int:
    """Numbers in the parameters of `model` that take a gradient."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def summary(model: nn.Module, shape: tuple[int, int, int], depth: int = 2) -> str:
    """A table of the layers with their output shape for one image and their parameters, as text.

    The shapes come from a forward pass with a blank image; the model's state stays as it is.

    Args:
        model: takes inputs `(batch, channels, height, width)`.
        shape: channels, height and width of an image.
        depth: how far modules inside modules are shown; deeper ones count with the one they are in.
    """
    layers = {name: m for name, m in model.named_modules() if _is_row(name, m, depth)}
    shapes = _output_shapes(model, shape, layers)
    rows = [
        (name, type(m).__name__, shapes.get(name, "-"), f"{n_parameters(m):,}")
        for name, m in layers.items()
    ]
    total = f"{n_parameters(model):,} parameters, {n_trainable(model):,} trainable"
    return "\n".join([*_aligned([HEADER, *rows]), total])


def _is_row(name: str, module: nn.Module, depth: int) -> bool:
    level = name.count(".") + 1 if name else 0
    is_leaf = next(module.children(), None) is None
    return level == depth or (level < depth and is_leaf)


@torch.no_grad()
def _output_shapes(
    model: nn.Module, shape: tuple[int, int, int], layers: dict[str, nn.Module]
) -> dict[str, str]:
    """Each called layer's output shape without the batch, such as "32x8x8"."""
    found: dict[str, str] = {}

    def hook(name: str) -> Callable:
        def record(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            if isinstance(output, Tensor):
                found[name] = "x".join(map(str, output.shape[1:]))

        return record

    hooks = [m.register_forward_hook(hook(name)) for name, m in layers.items()]
    was_training = [m for m in model.modules() if m.training]
    device = next((p.device for p in model.parameters()), None)
    try:
        model.eval()(torch.zeros(1, *shape, device=device))
    finally:
        for handle in hooks:
            handle.remove()
        for module in was_training:
            module.training = True
    return found


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Columns padded to their widest entry; the last one, of numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row[:3], widths)), row[3].rjust(widths[3])])
        for row in rows
    ]
