"""How many parameters a model has, and a table of its layers."""

from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

HEADER = ("layer", "type", "output shape", "parameters")


def n_parameters(model: nn.Module) -> int:
    """Numbers in all parameters of `model`, a shared one counted once."""
    return sum(p.numel() for p in model.parameters())


def n_trainable(model: nn.Module) -> int:
    """Numbers in the parameters of `model` that take a gradient."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


class Layers:
    """Records, while it is entered, the output shapes of a model's layers; `table` shows them.

    Args:
        model: whose next forward pass is looked at.
        depth: how far modules inside modules are shown; deeper ones count with the one they are in.
    """

    def __init__(self, model: nn.Module, depth: int = 2) -> None:
        self._model = model
        self._rows = {n: m for n, m in model.named_modules() if _is_row(n, m, depth)}
        self._shapes: dict[str, str] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> "Layers":
        for name, module in self._rows.items():
            self._hooks.append(module.register_forward_hook(partial(self._record, name)))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _record(self, name: str, module: nn.Module, inputs: tuple, output: Any) -> None:
        if isinstance(output, Tensor):
            self._shapes[name] = "x".join(map(str, output.shape[1:]))

    def table(self) -> str:
        """Layers with their output shape for one image and their parameters, and the totals."""
        rows = [
            (name, type(m).__name__, self._shapes.get(name, "-"), f"{n_parameters(m):,}")
            for name, m in self._rows.items()
        ]
        model = self._model
        total = f"{n_parameters(model):,} parameters, {n_trainable(model):,} trainable"
        return "\n".join([*_aligned([HEADER, *rows]), total])


def _is_row(name: str, module: nn.Module, depth: int) -> bool:
    level = name.count(".") + 1 if name else 0
    is_leaf = next(module.children(), None) is None
    return level == depth or (level < depth and is_leaf)


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Columns padded to their widest entry; the last one, of numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row[:3], widths)), row[3].rjust(widths[3])])
        for row in rows
    ]
