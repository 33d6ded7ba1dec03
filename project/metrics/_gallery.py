"""State that does not add up: the embeddings of a pass themselves, up to a bound."""

from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from project.metrics._accumulators import Accumulator

# By which samples are drawn where there are too many: the same ones for any ranks and batches.
_LOT = 0x9E3779B97F4A7C15


class Embedded:
    """A view of one batch of embeddings that metrics share; it never waits for the device.

    Attributes:
        takes_indices: shows that it is made of indices, too.

    Args:
        embeddings: `(b, D)`, any floating dtype.
        targets: `(b,)` int64, the classes.
        indices: of the data set's samples, `(b,)` int64 on the CPU; None: they are numbered as they
            come.

    Raises:
        ValueError: the shapes or dtypes are others.
    """

    takes_indices = True

    def __init__(self, embeddings: Tensor, targets: Tensor, indices: Tensor | None = None) -> None:
        if embeddings.ndim != 2 or not embeddings.is_floating_point():
            raise ValueError(
                f"embeddings have shape {tuple(embeddings.shape)} and {embeddings.dtype}; they must"
                " be (batch, size) and floating"
            )
        if targets.shape != embeddings.shape[:1] or targets.dtype != torch.int64:
            raise ValueError(
                f"targets have shape {tuple(targets.shape)} and {targets.dtype}; they must be"
                f" ({len(embeddings)},) and torch.int64 for these embeddings"
            )
        self.embeddings, self.targets = embeddings.detach(), targets
        self.indices = indices


class Held(NamedTuple):
    """The samples that are measured, in the order of their indices.

    Attributes:
        embeddings: `(n, D)` float32.
        targets: `(n,)` int64.
        indices: `(n,)` int64, of the data set.
        n_seen: samples of the pass, of which these are all, or as many as the bound allows.
    """

    embeddings: Tensor
    targets: Tensor
    indices: Tensor
    n_seen: int


class Gallery(Accumulator):
    """The embeddings of a pass, of at most `limit` samples, which their indices alone choose."""

    def __init__(self, n_classes: int, limit: int) -> None:
        seen = torch.zeros((), dtype=torch.int64)
        super().__init__(n_classes, limit, samples=seen)
        self.limit = limit
        self._parts: list[tuple[Tensor, Tensor, Tensor]] = []
        self._n = self._first = 0
        self._whole: Held | None = None

    def update(self, batch: Embedded) -> None:
        """Add a batch; what an earlier `reduce` held is dropped."""
        self._whole = None
        super().update(batch)

    def add(self, batch: Embedded) -> None:
        n, device = len(batch.targets), batch.embeddings.device
        indices = batch.indices
        if indices is None:
            indices = torch.arange(self._first, self._first + n)
        self._first += n
        self.sums["samples"] += n
        there = indices.to(device, non_blocking=True)
        self._parts.append((batch.embeddings.float(), batch.targets, there))
        self._n += n
        if self._n > 2 * self.limit:
            self._keep(self._joined())

    def reduce(self) -> None:
        """Hold those of all ranks, which all have to call this, beside this rank's own."""
        super().reduce()
        if dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1:
            every = _of_all_ranks(self._joined())
            self._whole = self._held(_bounded(every, self.limit))

    def reset(self) -> None:
        super().reset()
        self._parts.clear()
        self._n = self._first = 0
        self._whole = None

    def read(self) -> Held:
        """The samples.

        Raises:
            ValueError: there is none, or an embedding is NaN or infinite.
        """
        held = self._whole or self._held(_bounded(self._joined(), self.limit))
        if held.n_seen == 0:
            raise ValueError("no samples: the split is empty, or update() was never called")
        if bad := int((~held.embeddings.isfinite()).any(1).sum()):
            raise ValueError(
                f"the embeddings of {bad} of {len(held.targets)} samples are NaN or infinite: the"
                " model has diverged; try a lower learning rate or full precision"
            )
        return held

    def _held(self, parts: tuple[Tensor, Tensor, Tensor]) -> Held:
        embeddings, targets, indices = parts
        order = indices.argsort(stable=True)
        return Held(embeddings[order], targets[order], indices[order], int(self.total("samples")))

    def _joined(self) -> tuple[Tensor, Tensor, Tensor]:
        if not self._parts:
            device = self.constants["one"].device
            nothing = torch.empty(0, dtype=torch.int64, device=device)
            return torch.empty(0, 0, device=device), nothing, nothing
        embeddings, targets, indices = zip(*self._parts, strict=True)
        return torch.cat(embeddings), torch.cat(targets), torch.cat(indices)

    def _keep(self, parts: tuple[Tensor, Tensor, Tensor]) -> None:
        parts = _bounded(parts, self.limit)
        self._parts, self._n = [parts], len(parts[1])


def _bounded(parts: tuple[Tensor, Tensor, Tensor], limit: int) -> tuple[Tensor, Tensor, Tensor]:
    """At most so many of them: those of the smallest lots."""
    indices = parts[2]
    if len(indices) <= limit:
        return parts
    lots = indices.cpu().numpy().astype(np.uint64) * np.uint64(_LOT)
    chosen = torch.from_numpy(np.argsort(lots, kind="stable")[:limit]).to(indices.device)
    embeddings, targets, indices = (part[chosen] for part in parts)
    return embeddings, targets, indices


def _of_all_ranks(
    own: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    """Each rank's, one after another."""
    device = own[1].device
    every: list = [None] * dist.get_world_size()
    dist.all_gather_object(every, tuple(part.cpu() for part in own))
    there = [parts for parts in every if len(parts[1])] or every[:1]
    embeddings, targets, indices = zip(*there, strict=True)
    joined = (torch.cat(embeddings), torch.cat(targets), torch.cat(indices))
    return joined[0].to(device), joined[1].to(device), joined[2].to(device)
