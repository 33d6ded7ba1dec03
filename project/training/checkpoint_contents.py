"""What was read from a checkpoint: no more than its file can mean, and each part of its kind."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from project.plugs.serving import USUAL
from project.words.telling import quoted

# Tied weights and expanded buffers take more than their file; endless aliases far more.
_MOST_TIMES, _MOST_BYTES = 64, 2**30


def task_name(state: Mapping[str, Any]) -> str:
    """The task of a checkpoint; those of former versions know classification alone."""
    return str(state.get("task", {}).get("name", USUAL))


def _is_weights(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and isinstance(item, Tensor) for name, item in value.items()
    )


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(type(n) is int for n in value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_count, value))


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        type(n) in (int, float) and abs(n) <= sys.float_info.max for n in value
    )


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "hyperparameters": ("values by name", _is_named),
    "task": ("values by name", _is_named),
    "code": ("values by name", _is_named),
    "made": ("values by name", _is_named),
    "classes": ("texts", _are_texts),
    "shape": ("channels, height and width", _is_shape),
    "dtype": ("uint8 or float32", lambda value: value in ("uint8", "float32")),
    "mean": ("numbers", _are_numbers),
    "std": ("numbers above 0", lambda value: _are_numbers(value) and all(n > 0 for n in value)),
    "class_counts": ("counts", _are_counts),
    "model": ("tensors by name", _is_weights),
    "epoch": ("a count", _is_count),
    "step": ("a count", _is_count),
    "step_in_epoch": ("a count", _is_count),
    "done": ("true or false", lambda value: isinstance(value, bool)),
    "callbacks": ("values by name", _is_named),
    "optimizer": ("values by name", _is_named),
}


def excess(state: Any, size: int) -> str | None:
    """Whether a file holds more than its size can, in words; None if not.

    A few bytes can refer to one another so that walking through them never ends.

    Args:
        state: what torch found in the file.
        size: of the file, in bytes.
    """
    values = numbers = 0
    waiting = [state]
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, Tensor):
            numbers += value.numel() * value.element_size()
        elif isinstance(value, (dict, list, tuple)):
            waiting += value.values() if isinstance(value, dict) else value
        # Each value of its own takes a byte at least.
        if values > size or numbers > max(_MOST_TIMES * size, _MOST_BYTES):
            return f"it unpacks to far more than its {size:,} bytes"
    return None


def misfit(state: Mapping[str, Any]) -> str | None:
    """The first part of a checkpoint that is not of its kind, in words; None if all are."""
    for name, (kind, fits) in _KINDS.items():
        if name in state and not fits(state[name]):
            return f"its {name} is {quoted(state[name])}, not {kind}"
    channels = {len(state["mean"]), len(state["std"]), state["shape"][0]}
    if len(channels) > 1:
        return "its shape, mean and std are of other numbers of channels"
    counts = state.get("class_counts", state["classes"])
    return "its class_counts are of other classes" if len(counts) != len(state["classes"]) else None
