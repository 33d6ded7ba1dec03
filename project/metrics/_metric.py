"""What all metrics share: state to update, to sum over ranks and to compute from."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
from torch import Tensor, nn

from project.metrics._accumulators import Accumulator, Seen
from project.metrics._predictions import Predictions

# A float is a score of all classes; an array `(n_classes,)` holds one per class; two dimensions
# are for a figure.
Scores = dict[str, float | np.ndarray]


class Declared(NamedTuple):
    """What is known of a score before there is any.

    Attributes:
        better: which values are: `min`, `max`, or None for neither.
        of_classes: whether there is one for each class.
    """

    better: str | None
    of_classes: bool


class Streaming(nn.Module):
    """Something computed from accumulators, each updated once per batch.

    Attributes:
        view: what a batch's outputs and targets are made into, once for all accumulators; one that
            has `n_classes` shows that there are as many.
    """

    view: type[Any] = Predictions

    def __init__(self, n_classes: int, *accumulators: Accumulator) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.hold(*accumulators)

    def hold(self, *accumulators: Accumulator) -> None:
        """Compute from these accumulators, which others may hold too."""
        self.accumulators = nn.ModuleList(accumulators)
        # Beside the list, since going through a ModuleList costs as much as an update.
        self._each = accumulators

    @property
    def takes_indices(self) -> bool:
        """Whether `update` wants to know which samples they are."""
        return getattr(self.view, "takes_indices", False)

    def update(self, outputs: Any, targets: Any, indices: Tensor | None = None) -> None:
        """Add a batch; nothing is read back from the device, and no gradient flows.

        Args:
            outputs: of classification, logits `(batch, n_classes)` float32, bfloat16, float16 or
                float64, of any strides; what others take, their `view` says.
            targets: of classification, `(batch,)` int64 in `0..n_classes - 1`.
            indices: of the data set's samples, `(batch,)` int64 on the CPU, where `takes_indices`.

        Raises:
            ValueError: a shape or dtype is another. What only the device knows, NaN logits and
                targets out of range, `compute` reports.
        """
        more = (indices,) if self.takes_indices else ()
        batch = self.view(outputs, targets, *more)
        if getattr(batch, "n_classes", self.n_classes) != self.n_classes:
            raise ValueError(
                f"logits have {batch.n_classes} columns, the metric has n_classes="
                f"{self.n_classes}: give both the same number"
            )
        for accumulator in self._each:
            accumulator.update(batch)

    def reduce(self) -> None:
        """Make `compute` see the samples of all ranks, until the next `update` or `reset`.

        Where torch.distributed is initialised every rank has to call it, with or without samples of
        its own; the result is the same on all. This rank's own state stays as it is.
        """
        for accumulator in self._each:
            accumulator.reduce()

    def reset(self) -> None:
        """Forget all samples."""
        for accumulator in self._each:
            accumulator.reset()


class Metric(Streaming):
    """A family of scores computed from one kind of state; subclasses name it and define `score`.

    Args:
        n_classes: columns of the logits, at least 2.
        settings: further arguments of the state.

    Attributes:
        tasks: which it serves, by the names of their classes.
        names: of its scores that are one number, as far as they can be told beforehand; a metric
            that names none is tried before a run is opened.
        class_names: of those that are an array of one for each class.
        tables: names of the arrays that are for figures.
        guard: counts the samples, and those that can't be measured, beside a state that does not.
        less_is_better: names of the scores of which a smaller value is the better one.
        neither_is_better: names of those that are not good or bad; of all others, more is better.

    Raises:
        ValueError: there are fewer than two classes.
    """

    tasks: ClassVar[tuple[str, ...]] = ("classification",)
    state: ClassVar[type[Accumulator]]
    guard: ClassVar[type[Accumulator]] = Seen
    names: ClassVar[tuple[str, ...]] = ()
    class_names: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[str, ...]] = ()
    less_is_better: ClassVar[frozenset[str]] = frozenset()
    neither_is_better: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, n_classes: int, *settings: Any) -> None:
        if n_classes < 2:
            raise ValueError(f"n_classes is {n_classes}: classification needs at least 2")
        source = type(self).state(n_classes, *settings)
        seen = () if isinstance(source, self.guard) else (self.guard(n_classes),)
        super().__init__(n_classes, *seen, source)

    def compute(self) -> Scores:
        """The scores of all samples since `reset`.

        Raises:
            ValueError: there were no samples, the logits of some were NaN or infinite, or a target
                was out of range.
        """
        *_, totals = [accumulator.read() for accumulator in self._each]
        return self.score(totals)

    @property
    def source(self) -> Accumulator:
        """The accumulator whose totals `score` takes."""
        return self._each[-1]

    def declared(self) -> dict[str, Declared]:
        """What is known of its scores before there is any, by name; empty if it names none."""
        wholes = {name: Declared(self.better(name), False) for name in self.names}
        return wholes | {name: Declared(self.better(name), True) for name in self.class_names}

    def tells(self) -> bool:
        """Whether the class that defines its scores also says which there are."""
        said = {"names", "class_names", "tables", "declared"}
        for family in type(self).__mro__:
            if said & vars(family).keys():
                return family is not Metric
            if "score" in vars(family):
                return False
        return False

    def better(self, name: str) -> str | None:
        """Which values of one of its scores are better: `min`, `max`, or None for neither."""
        if name in self.neither_is_better:
            return None
        return "min" if name in self.less_is_better else "max"

    def score(self, totals: Any) -> Scores:
        """The scores from what the state's `read` returns."""
        raise NotImplementedError(f"{type(self).__name__} defines no score(totals)")
