"""Checkpoints written behind training's back: it waits for a copy in memory, not for the disk."""

from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import torch
from torch import Tensor

from project import checkpoint


class CheckpointWriter:
    """Writes the newest state of each of some files, in a thread that ends when nothing waits.

    A state that is kept waits for the next `write`; one of the same file that waits already is
    forgotten. Of states that wait together, those of earlier paths are on the disk before those of
    later ones. There are never more than two copies of a file's state, and each copy's memory is
    used again.

    Args:
        paths: of the files, in the order of writing.
        before: called in the thread before it writes.
    """

    def __init__(self, paths: tuple[Path, ...], before: Callable[[], None]) -> None:
        self._paths, self._before = paths, before
        self._waiting: dict[Path, Any] = {}
        self._spare: dict[Path, list[Any]] = {path: [] for path in paths}
        self._changed = Condition()
        self._thread: Thread | None = None
        self._error: Exception | None = None

    def keep(self, path: Path, state: dict[str, Any]) -> None:
        """Copy `state` (tensors and plain values), to be written some time."""
        with self._changed:
            former = self._waiting.get(path) or (self._spare[path] or [None]).pop()
            self._waiting[path] = copy(state, former)

    def write(self) -> None:
        """Let what is kept be written.

        Raises:
            Exception: what went wrong before, such as OSError where the disk is full.
        """
        with self._changed:
            self._raise()
            if self._thread is None and self._waiting:
                self._thread = Thread(target=self._write_on, name="checkpoints")
                self._thread.start()

    def wait(self) -> None:
        """Return once all that was kept is on the disk.

        Raises:
            Exception: something could not be written.
        """
        self.write()
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None)
            self._raise()

    def _write_on(self) -> None:
        while taken := self._take():
            try:
                self._before()
                for path, state in taken:
                    checkpoint.save(path, state)
            # Whatever it is, the training thread is told.
            except Exception as error:
                with self._changed:
                    self._error = error
            with self._changed:
                for path, state in taken:
                    self._spare[path].append(state)

    def _take(self) -> list[tuple[Path, Any]]:
        """What waits, in the order of writing; where nothing does, the thread is over."""
        with self._changed:
            taken = [(p, self._waiting.pop(p)) for p in self._paths if p in self._waiting]
            if not taken:
                self._thread = None
                self._changed.notify_all()
            return taken

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


def copy(value: Any, former: Any = None) -> Any:
    """`value` (nested dicts and lists of tensors and plain values), its tensors copied to the CPU.

    Args:
        value: stays as it is, and may change later.
        former: what was returned for a value of the same shape; its tensors are overwritten.
    """
    if isinstance(value, Tensor):
        if not isinstance(former, Tensor) or former.shape != value.shape:
            former = torch.empty_like(value, device="cpu", pin_memory=value.is_cuda)
        return former.copy_(value)
    if isinstance(value, dict):
        known = former if isinstance(former, dict) else {}
        return {key: copy(item, known.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        known = former if isinstance(former, list) else []
        return [copy(item, old) for item, old in zip_longest(value, known[: len(value)])]
    return value
