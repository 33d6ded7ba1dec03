"""Checkpoint files: written whole or not at all, readable without executing anything in them."""

import pickle
import random
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor, nn

from project import checkpoint_contents, checkpoint_file
from project.files import replacing
from project.words import clipped

# 2: with `digest`, the hash of all the rest; torch takes changed bytes of a tensor for its values.
SCHEMA = 2
NEEDED = ("schema", "hyperparameters", "classes", "shape", "mean", "std", "model")
# What training needs besides, to go on.
TRAINING = ("epoch", "step", "step_in_epoch", "done", "best", "optimizer", "rng")


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors and plain values) atomically, synced to disk.

    Raises:
        OSError: the disk is full or can't be written; the former file is untouched.
    """
    with replacing(path) as file:
        try:
            torch.save({"schema": SCHEMA, "digest": _digest(state)} | state, file)
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
        ValueError: the file is cut off, damaged, of another kind or a newer version, or holds code;
            the message says which, in a line.
        OSError: the file can't be read.
    """
    checkpoint_file.check(path)
    state = _read(path)
    schema = state.get("schema") if isinstance(state, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ValueError(
            f"{path} was written by a newer version of this project (schema {schema}, this one"
            f" reads 1 and {SCHEMA}); update it"
        )
    if missing := [key for key in NEEDED if schema is None or key not in state]:
        raise ValueError(
            f"{path} is another program's, no checkpoint of this project: it lacks"
            f" {', '.join(missing)}"
        )
    if missing := [key for key in more if key not in state]:
        raise ValueError(
            f"{path} has the weights alone, not what training needs to go on:"
            f" {', '.join(missing)}; --checkpoint starts a new run from them"
        )
    del state["schema"]
    if schema not in (1, SCHEMA):
        raise ValueError(f"{path} is damaged: its schema is {clipped(repr(schema), 40)}")
    if fault := _fault(path, schema, state):
        raise ValueError(f"{path} is damaged: {fault}")
    return state


def _fault(path: Path, schema: int, state: dict[str, Any]) -> str | None:
    """What of `state`, which lacks no key, is not what was written; its digest is taken out."""
    digest = state.pop("digest", None)
    if fault := checkpoint_contents.excess(state, path.stat().st_size):
        return fault
    if schema > 1 and digest != _digest_of_any(state):
        return "it does not hold what was written"
    # Without a digest, what zip archives have: torch does not look at it.
    if schema == 1 and (fault := checkpoint_file.checksum_fault(path)):
        return fault
    return checkpoint_contents.misfit(state)


def _read(path: Path) -> Any:
    """What torch finds in a file, and no line of its own about it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except pickle.UnpicklingError as error:
        # Code is what was written; a changed byte may look like it.
        if fault := checkpoint_file.checksum_fault(path, "data.pkl"):
            raise ValueError(f"{path} is damaged: {fault}") from error
        named = re.search(r"GLOBAL (\S+)", str(error))
        what = f" ({clipped(named[1], 80)})" if named else ""
        raise ValueError(
            f"{path} is refused: it holds more than tensors and plain values{what}, which could"
            " run code"
        ) from error
    # Bytes that are not what was written make torch's reader fail in any way.
    except Exception as error:
        line = _first_line(error).replace(str(path), "it")
        raise ValueError(f"{path} is damaged: {clipped(line, 200)}") from error


def _digest_of_any(state: dict[str, Any]) -> str | None:
    """The digest; None for what no checkpoint holds, such as sparse tensors or endless nesting."""
    try:
        return _digest(state)
    except (RuntimeError, TypeError, ValueError):
        return None


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


def weights_hash(path: Path) -> str:
    """BLAKE3 of the weights in a checkpoint: names, types, shapes and bytes, and nothing else.

    Raises:
        ValueError: the file is damaged.
    """
    return hash_of(load(path)["model"])


def hash_of(weights: dict[str, Any]) -> str:
    """BLAKE3 of weights by name, as `weights_hash` finds it in a file."""
    return _digest(weights)


def _digest(value: Any) -> str:
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
