"""The hash of nested dicts and lists of tensors and plain values, such as weights."""

from typing import Any

import torch
from blake3 import blake3
from torch import Tensor

from project.data.blake import hasher


def digest(value: Any) -> str:
    """BLAKE3 of names, types, shapes and bytes, whatever the dicts' order."""
    whole = hasher()
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
