"""What one pass over a split measures: mean loss, every score, the best and worst samples."""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from project.scores import WITHOUT_LEAKS
from project.training.extremes import Ends, Extremes, ends_of
from project.training.sample_table import Columns, SampleTable, completed
from project.values import Loss, Together, Tree, joined, leaves, mapped, n_samples

# Numbers of outputs.
MEASURED_AT_ONCE = 2**16
Scores = dict[str, float | np.ndarray]


class Metrics(Protocol):
    """Streaming metrics: additive state, summed over ranks, computed once per epoch.

    One that `takes_indices` is updated with the samples' indices, too.
    """

    def update(self, outputs: Any, targets: Any) -> None: ...
    def reduce(self) -> None: ...
    def compute(self) -> Scores: ...
    def reset(self) -> None: ...


class Task(Protocol):
    """What training and evaluation ask of a task.

    Attributes:
        classes: names, in the order of scores that there are one each of.
        of_pairs: whether a sample's loss depends on its batch.
    """

    classes: tuple[str, ...]
    of_pairs: bool

    def infer(self, model: nn.Module, inputs: Tensor) -> Tree: ...
    def weights(self, targets: Tree) -> Tensor | None: ...
    def badness(self, outputs: Tree, targets: Tree) -> Tensor: ...
    def kept(self, outputs: Tree) -> Tree: ...
    def columns(self, outputs: Tree, targets: Tree) -> Mapping[str, Tensor]: ...
    def told(self, outputs: Tree, targets: Tree) -> tuple[Tensor, Mapping[str, Tensor]]: ...
    def raw_columns(self, outputs: Tree) -> Mapping[str, Tensor]: ...
    def together(self, tables: Mapping[str, np.ndarray]) -> Together | None: ...


class Evaluation:
    """Measures the outputs of a pass, many batches' at once; only in `end` it waits for a device.

    Args:
        loss: maps outputs and targets of samples to the loss of each, `(n,)`; None: it depends on
            the batch, and is not measured.
        metrics: what is measured besides.
        task: says what a sample counts in the mean loss, and how wrong its outputs are.
        terms: names of the loss's terms; none where there is one.
        n_extremes: how many of the best and of the worst samples are told.
    """

    def __init__(
        self,
        loss: Callable[[Any, Any], Tensor | Loss] | None,
        metrics: Metrics,
        task: Task,
        terms: Sequence[str] = (),
        n_extremes: int = 0,
    ) -> None:
        self._loss, self._metrics, self._task = loss, metrics, task
        self._names = () if loss is None else ("loss", *(f"loss_{name}" for name in terms))
        self._together: Together | None = None
        self._n_extremes = n_extremes
        self._extremes = Extremes(n_extremes, task.kept) if n_extremes else None
        self._unmeasured: list[tuple[Tree, Tree, Tensor | None, Tensor | None]] = []
        self._form: list[torch.Size] = []

    def begin(
        self,
        device: torch.device,
        marked: bool = False,
        table: SampleTable | None = None,
        with_outputs: bool = False,
    ) -> None:
        """Forget the former pass.

        Args:
            device: of what is measured.
            marked: whether this pass marks leaks, without which it is scored a second time.
            table: takes what is found of each sample, if that is to be kept.
            with_outputs: whether it takes the model's outputs, too.
        """
        self._table, self._with_outputs = table, with_outputs
        self._together = None
        self._every = _Sums(self._metrics, self._names, device)
        # On each rank alike, whether it gets leaks or not: they reduce together.
        self._clean = _Sums(deepcopy(self._metrics), self._names, device) if marked else None
        self._unmeasured = []
        if self._extremes is not None:
            self._extremes.reset()

    def add(
        self,
        outputs: Tree,
        targets: Tree,
        leaked: Tensor | None = None,
        indices: Tensor | None = None,
    ) -> None:
        """Take a batch; it is kept until it is measured.

        Args:
            outputs: of the model.
            targets: what is true.
            leaked: the marks of its leaks `(n,)`, where there are some.
            indices: of the data set's samples, `(n,)` int64 on the CPU, if any are to be told.
        """
        form = [leaf.shape[1:] for leaf in leaves(outputs)]
        if self._unmeasured and form != self._form:
            self._measure()  # images of another size
        self._form = form
        self._unmeasured.append((outputs, targets, leaked, indices))
        # Measuring many batches' outputs costs little more than one's, as long as what is made of
        # them fits the processor's caches.
        size = sum(leaf.numel() for leaf in leaves(outputs))
        if len(self._unmeasured) * size >= MEASURED_AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        outputs, targets, leaked, indices = zip(*self._unmeasured, strict=True)
        self._unmeasured = []
        measured = joined(outputs), joined(targets)
        losses = self._losses(*measured)
        weights = self._task.weights(measured[1])
        which = None if indices[0] is None else joined(indices)
        self._every.add(losses, weights, which, *measured)
        badness, columns = self._of_each(*measured)
        if self._extremes is not None:
            self._extremes.add(badness, which, measured[0])
        if self._table is not None:
            found = dict(zip(self._names, losses[:1])) | dict(columns)
            self._table.add(which, self._completed(found, weights, measured[0]))
        if self._clean is not None:
            kept = ~joined(leaked)
            weights = None if weights is None else weights[kept]
            some = (mapped(lambda leaf: leaf[kept], tree) for tree in measured)
            which = which[kept.cpu()] if self._clean.takes_indices else which
            self._clean.add([each[kept] for each in losses], weights, which, *some)

    def _losses(self, outputs: Tree, targets: Tree) -> list[Tensor]:
        """The losses of some samples and their terms, `(n,)` each; none where they have none."""
        if self._loss is None:
            return []
        total, terms = Loss.of(self._loss(outputs, targets))
        return [total, *(terms[name.removeprefix("loss_")] for name in self._names[1:])]

    def _of_each(
        self, outputs: Tree, targets: Tree
    ) -> tuple[Tensor | None, Mapping[str, Tensor] | None]:
        """How wrong some samples' outputs are, and their columns; None for what is not wanted."""
        if self._table is None:
            wanted = self._extremes is not None
            return self._task.badness(outputs, targets) if wanted else None, None
        if self._extremes is None:
            return None, self._task.columns(outputs, targets)
        return self._task.told(outputs, targets)

    def _completed(
        self, found: dict[str, Tensor], weights: Tensor | None, outputs: Tree
    ) -> dict[str, Tensor]:
        """The columns of some samples, with what is no matter of the task."""
        if weights is not None:
            found["weight"] = weights
        return found | self._task.raw_columns(outputs) if self._with_outputs else found

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
            ValueError: the split is empty or the outputs hold a NaN.
        """
        if self._unmeasured:
            self._measure()
        scores, tables = named(split, self._every.end(split, world_size), self._task.classes)
        if self._clean is not None and (found := self._clean.end(split, world_size, empty=True)):
            clean, _ = named(split, found, self._task.classes)
            scores |= {f"{k}{WITHOUT_LEAKS}": v for k, v in clean.items() if "/" not in k}
        self._together = self._task.together(tables)
        return scores, tables

    def ends(self) -> Ends:
        """The best and the worst samples of the pass that has ended, of all ranks together.

        Each rank has to call it; what is kept with a sample is what the task keeps of its outputs.
        """
        if self._extremes is None:
            return Ends([], [])
        if (found := self._together) is not None:
            return ends_of(found.badness, found.indices, found.kept, self._n_extremes)
        return self._extremes.ends()

    def columns(self) -> Columns:
        """What was found of each sample of the pass, in the first rank; each has to call it."""
        found = {} if self._table is None else self._table.end()
        if found and (whole := self._together) is not None:
            return completed(found, whole.indices, whole.columns)
        return found


def named(
    split: str, found: Scores, classes: Sequence[str]
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Scores by name, such as `val_loss` and `val_recall/cat`, and arrays of two dimensions.

    Args:
        split: its name, with which those of scores begin.
        found: of metrics; arrays of one dimension have a value for each class.
        classes: their names.
    """
    scores, tables = {}, {}
    for name, value in found.items():
        if np.ndim(value) == 0:
            scores[f"{split}_{name}"] = float(value)
        elif np.ndim(value) == 1:
            each = zip(classes, value.tolist(), strict=True)
            scores |= {f"{split}_{name}/{label}": score for label, score in each}
        else:
            tables[name] = value
    return scores, tables


class _Sums:
    """The loss, its terms and the metrics of some samples of a pass."""

    def __init__(self, metrics: Metrics, terms: Sequence[str], device: torch.device) -> None:
        self._metrics, self._names = metrics, terms
        self.takes_indices = getattr(metrics, "takes_indices", False)
        metrics.reset()
        # Of each of them, and how many samples they are of.
        self._losses = torch.zeros(len(self._names) + 1, dtype=torch.float64, device=device)

    def add(
        self,
        losses: Sequence[Tensor],
        weights: Tensor | None,
        indices: Tensor | None,
        outputs: Tree,
        targets: Tree,
    ) -> None:
        for i, each in enumerate(losses):
            weighted = each if weights is None else each * weights
            self._losses[i] += weighted.sum(dtype=torch.float64)
        self._losses[-1] += n_samples(targets) if weights is None else weights.sum()
        more = (indices,) if self.takes_indices else ()
        self._metrics.update(outputs, targets, *more)

    def end(self, split: str, world_size: int, empty: bool = False) -> Scores:
        """All scores over all ranks; none where there may be no samples, and there are none."""
        if world_size > 1:
            dist.all_reduce(self._losses)
        self._metrics.reduce()
        *sums, n = self._losses.tolist()
        if empty and not n:
            return {}
        try:
            found = self._metrics.compute()
        except ValueError as error:
            raise ValueError(f"{split} split: {error}") from error
        means = [total / n if n else math.nan for total in sums]
        return dict(zip(self._names, means, strict=True)) | found
