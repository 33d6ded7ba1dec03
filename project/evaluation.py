"""What one pass over a split measures: the mean loss, and every score of the metrics."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

# Logits, of all classes.
MEASURED_AT_ONCE = 2**16


class Metrics(Protocol):
    """Streaming metrics: additive state, summed over ranks, computed once per epoch."""

    def update(self, logits: Tensor, targets: Tensor) -> None: ...
    def reduce(self) -> None: ...
    def compute(self) -> dict[str, float | np.ndarray]: ...
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
        self._unmeasured: list[tuple[Tensor, Tensor]] = []

    def begin(self, device: torch.device) -> None:
        """Forget the former pass."""
        self._metrics.reset()
        self._loss_sum = torch.zeros(2, dtype=torch.float64, device=device)
        self._unmeasured = []

    def add(self, logits: Tensor, targets: Tensor) -> None:
        """Take a batch; both are kept until they are measured."""
        self._unmeasured.append((logits, targets))
        # Measuring many batches' logits costs little more than one's, as long as what is made of
        # them fits the processor's caches.
        if len(self._unmeasured) * logits.numel() >= MEASURED_AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        logits, targets = map(joined, zip(*self._unmeasured, strict=True))
        self._unmeasured = []
        self._loss_sum[0] += self._loss(logits, targets).sum(dtype=torch.float64)
        self._loss_sum[1] += len(targets)
        self._metrics.update(logits, targets)

    def end(self, split: str, world_size: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """The sums over all ranks, as scores.

        Args:
            split: its name, with which those of scores begin.
            world_size: number of processes, all of which call this.

        Returns:
            Scalar scores by name, such as `val_loss`, `val_recall/cat`; and arrays of two
            dimensions by the metric's name, such as `confusion_matrix`.

        Raises:
            ValueError: the split is empty or the logits hold a NaN.
        """
        if self._unmeasured:
            self._measure()
        if world_size > 1:
            dist.all_reduce(self._loss_sum)
        self._metrics.reduce()
        try:
            found = self._metrics.compute()
        except ValueError as error:
            raise ValueError(f"{split} split: {error}") from error
        scores = {f"{split}_loss": float(self._loss_sum[0] / self._loss_sum[1])}
        tables = {}
        for name, value in found.items():
            if np.ndim(value) == 0:
                scores[f"{split}_{name}"] = float(value)
            elif np.ndim(value) == 1:
                each = zip(self._classes, value.tolist(), strict=True)
                scores |= {f"{split}_{name}/{label}": score for label, score in each}
            else:
                tables[name] = value
        return scores, tables


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Batches as one, without a copy where there is only one."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
