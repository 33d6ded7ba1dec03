"""Checkpoint files: written whole or not at all, readable without executing anything in them."""

import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from blake3 import blake3
from torch import nn

from project.files import replacing

SCHEMA = 1
NEEDED = ("schema", "hyperparameters", "classes", "shape", "mean", "std", "model")
# What training needs besides, to go on.
TRAINING = ("epoch", "step", "step_in_epoch", "done", "best", "optimizer", "schedule", "rng")


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors and plain values) atomically, synced to disk.

    Raises:
        OSError: the disk is full or can't be written; the former file is untouched.
    """
    with replacing(path) as file:
        try:
            torch.save({"schema": SCHEMA} | state, file)
        except RuntimeError as error:
            # torch's writer trips over the failed write that is the cause.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load(path: Path, *more: str) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; only tensors and plain values are accepted.

    Args:
        path: the file.
        more: keys that it must hold besides what every checkpoint does.

    Raises:
        ValueError: the file is truncated, not a checkpoint of this project, or holds code.
        OSError: the file can't be read.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} is refused: it holds more than tensors and plain values"
        ) from error
    except (RuntimeError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged or not a checkpoint: {_first_line(error)}") from error
    missing = [key for key in (*NEEDED, *more) if not isinstance(state, dict) or key not in state]
    if missing:
        raise ValueError(
            f"{path} is not a checkpoint that can be used here: it lacks {', '.join(missing)}"
        )
    if state["schema"] != SCHEMA:
        raise ValueError(f"{path} has schema {state['schema']}, this version reads {SCHEMA}")
    return state


def load_weights(model: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Put a checkpoint's weights into `model`.

    Raises:
        ValueError: the weights are another model's; the message names the first difference.
    """
    weights, expected = state["model"], model.state_dict()
    for name in sorted(weights.keys() | expected.keys()):
        ours = tuple(expected[name].shape) if name in expected else "absent"
        theirs = tuple(weights[name].shape) if name in weights else "absent"
        if ours != theirs:
            raise ValueError(
                f"{path} is of another model ({state['hyperparameters'].get('model')}): {name} is"
                f" {theirs} there and {ours} here; give the flags that it was trained with"
            )
    model.load_state_dict(weights)


def weights_hash(path: Path) -> str:
    """BLAKE3 of the weights in a checkpoint: names, types, shapes and bytes, and nothing else.

    Raises:
        ValueError: the file is damaged.
    """
    whole = blake3(max_threads=blake3.AUTO)
    for name, tensor in sorted(load(path)["model"].items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return f"blake3:{whole.hexdigest()}"


def rng_state() -> dict[str, Any]:
    """The state of every generator that training may draw from, as tensors and plain values."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(words), gauss],
        # As int64: tensors of uint32 do not travel between processes.
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_rng_state(state: dict[str, Any]) -> None:
    """Bring the generators back to what `rng_state` returned."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
