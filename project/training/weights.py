"""A model's weights: the hash that tells them apart, and how a checkpoint's become a model's."""

from pathlib import Path
from typing import Any

import torch
from blake3 import blake3
from torch import Tensor, nn


def load_weights(model: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Put a checkpoint's weights into `model`.

    Raises:
        ValueError: the weights are another model's; the message names the first difference.
    """
    weights, expected = state["model"], model.state_dict()
    for name in sorted(weights.keys() | expected.keys()):
        ours, theirs = _form(expected.get(name)), _form(weights.get(name))
        if ours != theirs:
            raise ValueError(
                f"{path} is of another model ({state['hyperparameters'].get('model')}): {name} is"
                f" {theirs} there and {ours} here; give the flags that it was trained with"
            )
    model.load_state_dict(weights)


def _form(tensor: Tensor | None) -> str:
    """The shape, and the kind of numbers where it is not the usual: torch would convert them."""
    if tensor is None:
        return "absent"
    kind = "complex " if tensor.is_complex() else "" if tensor.is_floating_point() else "integer "
    return f"{kind}{tuple(tensor.shape)}"


def digest(value: Any) -> str:
    """BLAKE3 of nested dicts and lists of tensors and plain values, whatever the dicts' order."""
    whole = blake3(max_threads=blake3.AUTO)
    _add(whole, "", value)
    return f"blake3:{whole.hexdigest()}"


def _add(whole: blake3, name: str, value: Any) -> None:
    prefix = f"{name}/" if name else ""
    if isinstance(value, Tensor):
        whole.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        whole.update(value.reshape(-1).view(torch.uint8).cpu().numpy())
    elif isinstance(value, dict):
        for key, item in sorted(value.items(), key=lambda pair: str(pair[0])):
            _add(whole, f"{prefix}{key}", item)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _add(whole, f"{prefix}{i}", item)
    else:
        whole.update(f"{name} {value!r}\n".encode())
