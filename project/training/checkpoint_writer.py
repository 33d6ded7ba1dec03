"""Checkpoints written behind training's back: it waits for a copy in memory, not for the disk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import torch
from torch import Tensor

from project.training import checkpoint


class CheckpointWriter:
    """Writes the newest state of each of some files, in a thread that ends when nothing waits.

    A state that is kept waits for the next `write`; one of the same file that waits already is
    forgotten. Of states that wait together, those of earlier paths are on the disk before those of
    later ones. There are never more than two copies of a file's state, and their memory is used
    again.

    Args:
        paths: of the files, in the order of writing.
        before: called in the thread before it writes.
    """

    def __init__(self, paths: tuple[Path, ...], before: Callable[[], None]) -> None:
        self._paths, self._before = paths, before
        self._waiting: dict[Path, Any] = {}
        self._being_written: list[tuple[Path, Any]] = []
        self._copies = Copies()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._error: Exception | None = None

    def keep(self, states: Mapping[Path, dict[str, Any]]) -> None:
        """Copy states (tensors and plain values), to be written some time.

        A tensor that several of them hold is copied once.
        """
        with self._changed:
            for path in states:
                self._waiting.pop(path, None)
            in_use = [*self._waiting.values(), *(state for _, state in self._being_written)]
            copies = self._copies.make(list(states.values()), in_use)
            self._waiting.update(zip(states, copies, strict=True))

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
        while self._take():
            try:
                self._before()
                for path, state in self._being_written:
                    checkpoint.save(path, state)
            # Whatever it is, the training thread is told.
            except Exception as error:
                with self._changed:
                    self._error = error

    def _take(self) -> bool:
        """Take what waits, in the order of writing; where nothing does, the thread is over."""
        with self._changed:
            waiting = self._waiting
            self._being_written = [(p, waiting.pop(p)) for p in self._paths if p in waiting]
            if not self._being_written:
                self._thread = None
                self._changed.notify_all()
            return bool(self._being_written)

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


class Copies:
    """Makes copies on the CPU, in the memory of former ones that are in use no more."""

    def __init__(self) -> None:
        self._buffers: list[Tensor] = []

    def make(self, values: list[Any], in_use: Sequence[Any] = ()) -> list[Any]:
        """Copy `values` (nested dicts and lists of tensors and plain values).

        Args:
            values: stay as they are, and may change later; a tensor that stands in them more than
                once is copied once.
            in_use: former copies that must stay as they are.
        """
        used = {id(tensor) for tensor in _tensors(list(in_use))}
        free: dict[tuple, list[Tensor]] = {}
        for buffer in self._buffers:
            if id(buffer) not in used:
                free.setdefault(_kind(buffer), []).append(buffer)
        copied: dict[int, Tensor] = {}

        def copy(value: Any) -> Any:
            if isinstance(value, Tensor):
                if id(value) not in copied:
                    copied[id(value)] = self._buffer(value, free).copy_(value)
                return copied[id(value)]
            if isinstance(value, dict):
                return {key: copy(item) for key, item in value.items()}
            if isinstance(value, list):
                return [copy(item) for item in value]
            return value

        return copy(values)

    def _buffer(self, value: Tensor, free: dict[tuple, list[Tensor]]) -> Tensor:
        if kept := free.get(_kind(value)):
            return kept.pop()
        buffer = torch.empty_like(value, device="cpu", pin_memory=value.is_cuda)
        self._buffers.append(buffer)
        return buffer


def _kind(tensor: Tensor) -> tuple:
    """What two tensors have in common if one's memory can hold the other's copy."""
    return tensor.shape, tensor.dtype, tensor.is_cuda or tensor.is_pinned()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)
