"""Checkpoint files: written whole or not at all, readable without executing anything in them."""

import pickle
import re
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch

from project.files import replacing
from project.training import checkpoint_contents, checkpoint_file
from project.training.digest import digest
from project.words.telling import clipped

# 2: with `digest`, the hash of all the rest; torch takes changed bytes of a tensor for its values.
# 3: with `task`; those before know classification alone.
SCHEMA = 3
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
            torch.save({"schema": SCHEMA, "digest": digest(state)} | state, file)
        except RuntimeError as error:
            # torch's writer trips over the failed write that is the cause.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load(path: Path, *more: str, mapped: bool = False) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; only tensors and plain values are accepted.

    Args:
        path: the file.
        more: keys that it must hold besides what every checkpoint does.
        mapped: whether tensors may stay the file's own bytes, which is faster; not for one that
            others might cut off while they are used.

    Raises:
        ValueError: the file is cut off, damaged, of another kind or a newer version, or holds code;
            the message says which, in a line.
        OSError: the file can't be read.
    """
    checkpoint_file.check(path)
    state = _read(path, mapped)
    _refuse_others(path, state, more)
    schema = state.pop("schema")
    if schema not in range(1, SCHEMA + 1):
        raise ValueError(f"{path} is damaged: its schema is {clipped(repr(schema), 40)}")
    if fault := _fault(path, schema, state):
        raise ValueError(f"{path} is damaged: {fault}")
    return state


def _refuse_others(path: Path, state: Any, more: Collection[str]) -> None:
    """Refuse another program's file, a newer version's, and one that lacks what it is read for."""
    schema = state.get("schema") if isinstance(state, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ValueError(
            f"{path} was written by a newer version of this project (schema {schema}, this one"
            f" reads up to {SCHEMA}); update it"
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


def _fault(path: Path, schema: int, state: dict[str, Any]) -> str | None:
    """What of `state`, which lacks no key, is not what was written; its digest is taken out."""
    written = state.pop("digest", None)
    if fault := checkpoint_contents.excess(state, path.stat().st_size):
        return fault
    if schema > 1 and written != _digest_of_any(state):
        return "it does not hold what was written"
    # Without a digest, what zip archives have: torch does not look at it.
    if schema == 1 and (fault := checkpoint_file.checksum_fault(path)):
        return fault
    return checkpoint_contents.misfit(state)


def _read(path: Path, mapped: bool = False) -> Any:
    """What torch finds in a file, and no line of its own about it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
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
        if mapped:  # which not every file system can
            return _read(path)
        line = _first_line(error).replace(str(path), "it")
        raise ValueError(f"{path} is damaged: {clipped(line, 200)}") from error


def _digest_of_any(state: dict[str, Any]) -> str | None:
    """The digest; None for what no checkpoint holds, such as sparse tensors or endless nesting."""
    try:
        return digest(state)
    except (RuntimeError, TypeError, ValueError):
        return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
