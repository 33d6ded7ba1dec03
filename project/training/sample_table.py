"""What a pass found of each sample: columns of numbers, of all ranks together, by the index."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch.distributed as dist
from torch import Tensor

from project.training.arrival import on_its_way

Columns = dict[str, np.ndarray]
INDEX = "index"


class SampleTable:
    """Collects columns of batches; what it holds grows with the samples, by some bytes for each.

    A batch is taken in when the next one comes: it is on its way from the device meanwhile.
    """

    def __init__(self) -> None:
        self._parts: list[Columns] = []
        self._waiting: tuple[Tensor, dict[str, tuple[Tensor, Any]]] | None = None

    def add(self, indices: Tensor, columns: Mapping[str, Tensor]) -> None:
        """Take a batch.

        Args:
            indices: `(b,)` int64 on the CPU, of the data set's samples, each once in a pass.
            columns: `(b,)` or `(b, k)` by name, on any device.
        """
        self._take()
        self._waiting = indices, {name: on_its_way(each) for name, each in columns.items()}

    def end(self) -> Columns:
        """All of it, ordered by the index, in the first rank; each has to call this."""
        self._take()
        every = _gathered(self._parts)
        self._parts = []
        if not every:
            return {}
        joined = {name: np.concatenate([part[name] for part in every]) for name in every[0]}
        order = np.argsort(joined[INDEX], kind="stable")
        return {name: column[order] for name, column in joined.items()}

    def _take(self) -> None:
        if self._waiting is None:
            return
        indices, columns = self._waiting
        self._waiting = None
        part = {INDEX: indices.numpy().copy()}
        for name, (there, arrived) in columns.items():
            if arrived is not None:
                arrived.synchronize()
            part[name] = there.numpy()
        self._parts.append(part)


def completed(columns: Columns, indices: np.ndarray, more: Mapping[str, np.ndarray]) -> Columns:
    """The rows of some samples, with further columns of these.

    Args:
        columns: of all samples, ordered by the index.
        indices: of some of them, in order.
        more: `(n,)` of these, by name.
    """
    rows = np.searchsorted(columns[INDEX], indices)
    return {name: column[rows] for name, column in columns.items()} | dict(more)


def _gathered(parts: list[Columns]) -> list[Columns]:
    if not (dist.is_available() and dist.is_initialized()):
        return parts
    every: list[Any] | None = [None] * dist.get_world_size() if dist.get_rank() == 0 else None
    dist.gather_object(parts, every)
    return [part for rank in every or () for part in rank]
