"""State that adds up: over batches, and over the ranks of a distributed run."""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from project.metrics._predictions import Predictions

# Samples whose values `Seen` keeps: 20 bytes each, which stay in the processor's caches. A batch
# counts for more than it holds, since a tensor has a size of its own.
ROOM, WEIGHT = 2**14, 32


class Accumulator(nn.Module):
    """Named sums over samples, of constant size, on the device of the module that holds it.

    The sums are no buffers: DistributedDataParallel would send those of rank 0 to all each step.

    Args:
        n_classes: columns of the logits.
        settings: what else, with the type, tells whether two accumulators hold the same sums.
        sums: the sums at zero, int64 or float64, any shape.
    """

    def __init__(self, n_classes: int, *settings: Any, **sums: Tensor) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.kind = (type(self), n_classes, *settings)
        self.sums = sums
        self.reduced: dict[str, Tensor] = {}
        # What is no sum but has to be on the same device.
        self.constants = {"one": torch.ones((), dtype=torch.int64)}

    def update(self, batch: Predictions) -> None:
        """Add a batch to this rank's sums; what an earlier `reduce` held is dropped."""
        if self.reduced:
            self.reduced.clear()
        self.add(batch)

    def add(self, batch: Predictions) -> None:
        """Add a batch to `sums`, in place, at the latest in `settle`; never wait for the device."""
        raise NotImplementedError(f"{type(self).__name__} defines no add(batch)")

    def settle(self) -> None:
        """Add to `sums` what `add` has put off."""

    def read(self) -> Any:
        """The totals as numpy, in the form that the metrics of this state take."""
        raise NotImplementedError(f"{type(self).__name__} defines no read()")

    def total(self, name: str) -> Tensor:
        """A sum over all that counts: over ranks after `reduce`, else this rank's own."""
        if name in self.reduced:
            return self.reduced[name]
        self.settle()
        return self.sums[name]

    def reduce(self) -> None:
        """Hold, beside this rank's sums, those over all ranks; alone, there is nothing to do."""
        if not (dist.is_available() and dist.is_initialized()):
            return
        self.settle()
        for name, local in self.sums.items():
            self.reduced[name] = local.clone()
            dist.all_reduce(self.reduced[name])

    def reset(self) -> None:
        """Set all sums to zero."""
        self.reduced.clear()
        # In place: a tensor made in inference mode could not be updated outside it.
        for local in self.sums.values():
            local.zero_()

    def count(self, name: str, index: Tensor) -> None:
        """Add one to the cells `index` `(n,)` int64 of the int64 sum `name`."""
        self.sums[name].index_add_(0, index, self.constants["one"].expand(len(index)))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Accumulator":
        self.settle()
        # Only the device follows the model: its `.half()` must not round the sums.
        device = fn(self.constants["one"]).device
        for tensors in (self.sums, self.reduced, self.constants):
            tensors.update({name: value.to(device) for name, value in tensors.items()})
        return super()._apply(fn, recurse)


class Seen(Accumulator):
    """How many samples there were, and how many of them were not fit to be measured.

    A little of each batch is kept until thousands of samples are counted together: on few samples
    an operation costs as much as on thousands.
    """

    def __init__(self, n_classes: int, **sums: Tensor) -> None:
        names = ("samples", "bad_logits", "bad_targets")
        zeros = {name: torch.zeros((), dtype=torch.int64) for name in names}
        super().__init__(n_classes, **zeros, **sums)
        self._kept: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, batch: Predictions) -> None:
        kept = self._kept
        kept.append((batch.top, batch.preds, batch.raw_targets))
        if len(kept) * (batch.n_samples + WEIGHT) >= ROOM:
            self.settle()

    def settle(self) -> None:
        if self._kept:
            together = [torch.cat(values) for values in zip(*self._kept, strict=True)]
            self._kept.clear()
            self.count_samples(*together)

    def count_samples(self, top: Tensor, preds: Tensor, raw_targets: Tensor) -> Tensor:
        """Add what was kept of some batches; their targets, each within `0..n_classes - 1`."""
        targets = raw_targets.clamp(0, self.n_classes - 1)
        self.sums["samples"] += len(top)
        # The largest logit shows all that has no softmax: a NaN, +inf, or -inf in every class. What
        # is finite is 0 less itself, all else is NaN.
        self.sums["bad_logits"] += top.sub_(top).count_nonzero()
        self.sums["bad_targets"] += (targets != raw_targets).count_nonzero()
        return targets

    def reset(self) -> None:
        super().reset()
        self._kept.clear()

    def read(self) -> int:
        """The number of samples.

        Raises:
            ValueError: there is none, or a logit or target can't be measured.
        """
        n, bad_logits, bad_targets = (
            int(self.total(name)) for name in ("samples", "bad_logits", "bad_targets")
        )
        if n == 0:
            raise ValueError("no samples: the split is empty, or update() was never called")
        if bad_logits:
            raise ValueError(
                f"the logits of {bad_logits} of {n} samples are NaN or infinite: "
                "the model has diverged; try a lower learning rate or full precision"
            )
        if bad_targets:
            raise ValueError(
                f"the targets of {bad_targets} of {n} samples lie outside "
                f"0..{self.n_classes - 1}: give the metric as many classes as the data has"
            )
        return n
