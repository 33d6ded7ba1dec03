"""What one pass over a split measures: the mean loss, and every score of the metrics."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from project.scores import WITHOUT_LEAKS

# Logits, of all classes.
MEASURED_AT_ONCE = 2**16
Scores = dict[str, float | np.ndarray]


class Metrics(Protocol):
    """Streaming metrics: additive state, summed over ranks, computed once per epoch."""

    def update(self, logits: Tensor, targets: Tensor) -> None: ...
    def reduce(self) -> None: ...
    def compute(self) -> Scores: ...
    def reset(self) -> None: ...


class Evaluation:
    """Measures the logits of a pass, many batches' at once; it reads the device only in `end`.

    Args:
        loss: maps logits and targets `(n,)` int64 to the loss of each sample, `(n,)`.
        metrics: what is measured besides.
        classes: the classes' names, in the order of the logits.
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        metrics: Metrics,
        classes: tuple[str, ...],
    ) -> None:
        self._loss, self._metrics, self._classes = loss, metrics, classes
        self._unmeasured: list[tuple[Tensor, Tensor, Tensor | None]] = []

    def begin(self, device: torch.device, marked: bool = False) -> None:
        """Forget the former pass.

        Args:
            device: of what is measured.
            marked: whether this pass marks leaks, without which it is scored a second time.
        """
        self._every = _Sums(self._metrics, device)
        # On each rank alike, whether it gets leaks or not: they reduce together.
        self._clean = _Sums(deepcopy(self._metrics), device) if marked else None
        self._unmeasured = []

    def add(self, logits: Tensor, targets: Tensor, leaked: Tensor | None = None) -> None:
        """Take a batch, with the marks of its leaks `(n,)`; it is kept until it is measured."""
        self._unmeasured.append((logits, targets, leaked))
        # Measuring many batches' logits costs little more than one's, as long as what is made of
        # them fits the processor's caches.
        if len(self._unmeasured) * logits.numel() >= MEASURED_AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        logits, targets, leaked = zip(*self._unmeasured, strict=True)
        self._unmeasured = []
        measured = joined(logits), joined(targets)
        losses = self._loss(*measured)
        self._every.add(losses, *measured)
        if self._clean is not None:
            kept = ~joined(leaked)
            self._clean.add(*(values[kept] for values in (losses, *measured)))

    def end(self, split: str, world_size: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """The sums over all ranks, as scores.

        Args:
            split: its name, with which those of scores begin.
            world_size: number of processes, all of which call this.

        Returns:
            Scalar scores by name, such as `val_loss`, `val_recall/cat`; where leaks are marked also
            those of all classes without them, such as `test_loss_without_leaks`, if any sample is
            left. And arrays of two dimensions by the metric's name, such as `confusion_matrix`.

        Raises:
            ValueError: the split is empty or the logits hold a NaN.
        """
        if self._unmeasured:
            self._measure()
        scores, tables = self._named(split, self._every.end(split, world_size))
        if self._clean is not None and (found := self._clean.end(split, world_size, empty=True)):
            clean, _ = self._named(split, found)
            scores |= {f"{k}{WITHOUT_LEAKS}": v for k, v in clean.items() if "/" not in k}
        return scores, tables

    def _named(self, split: str, found: Scores) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        scores, tables = {}, {}
        for name, value in found.items():
            if np.ndim(value) == 0:
                scores[f"{split}_{name}"] = float(value)
            elif np.ndim(value) == 1:
                each = zip(self._classes, value.tolist(), strict=True)
                scores |= {f"{split}_{name}/{label}": score for label, score in each}
            else:
                tables[name] = value
        return scores, tables


class _Sums:
    """The loss and the metrics of some samples of a pass."""

    def __init__(self, metrics: Metrics, device: torch.device) -> None:
        self._metrics = metrics
        metrics.reset()
        self._loss = torch.zeros(2, dtype=torch.float64, device=device)

    def add(self, losses: Tensor, logits: Tensor, targets: Tensor) -> None:
        self._loss[0] += losses.sum(dtype=torch.float64)
        self._loss[1] += len(targets)
        self._metrics.update(logits, targets)

    def end(self, split: str, world_size: int, empty: bool = False) -> Scores:
        """All scores over all ranks; none where there may be no samples, and there are none."""
        if world_size > 1:
            dist.all_reduce(self._loss)
        self._metrics.reduce()
        total, n = self._loss.tolist()
        if empty and not n:
            return {}
        try:
            found = self._metrics.compute()
        except ValueError as error:
            raise ValueError(f"{split} split: {error}") from error
        return {"loss": total / n, **found}


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Batches as one, without a copy where there is only one."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
