"""What travels between data, model, loss and task: batches, losses, examples and predictions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

# The value of a mask's pixel that counts nowhere.
IGNORED = 255
# Targets or outputs of samples: a tensor, or a tuple of some (a NamedTuple, too); dimension 0 is
# the sample in each.
Tree = Tensor | tuple[Tensor, ...]


def mapped(fn: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """The tree of what `fn` makes of each of its tensors."""
    return _like(tree, map(fn, tree)) if isinstance(tree, tuple) else fn(tree)


def split(tree: Tree, sizes: Sequence[int]) -> Iterator[Tree]:
    """Consecutive samples, `sizes` many each; views of the tree's tensors."""
    if not isinstance(tree, tuple):
        yield from tree.split(sizes)
        return
    parts = zip(*(leaf.split(sizes) for leaf in tree), strict=True)
    yield from (_like(tree, part) for part in parts)


def joined(trees: Sequence[Tree]) -> Tree:
    """The samples of all trees, one after another; without a copy where there is only one."""
    first = trees[0]
    if len(trees) == 1:
        return first
    if not isinstance(first, tuple):
        return torch.cat(trees)
    return _like(first, (torch.cat(leaves) for leaves in zip(*trees, strict=True)))


def leaves(tree: Tree) -> tuple[Tensor, ...]:
    """Its tensors."""
    return tree if isinstance(tree, tuple) else (tree,)


def n_samples(tree: Tree) -> int:
    """How many samples there are."""
    return len(leaves(tree)[0])


def _like(tree: tuple, leaves: Any) -> Any:
    """A tuple of the same kind, of other leaves."""
    return tree._make(leaves) if hasattr(tree, "_make") else tuple(leaves)


OF_VIEWS = 5  # dimensions of inputs with several views of each image


class Batch(NamedTuple):
    """One optimizer step's samples, or this rank's share of them.

    Attributes:
        inputs: `(b, C, H, W)` float32, normalised, on the device; `(b, V, C, H, W)` of V views of
            each image.
        targets: what the task is to find, on the device; `(b,)` int64 of labels, `(b, H, W)` int64
            of masks; `(b, n_classes)` float32, probabilities, of training images that are mixed.
        size: samples of the batch over all ranks.
        indices: of the data set's samples, `(b,)` int64 on the CPU.
    """

    inputs: Tensor
    targets: Tree
    size: int
    indices: Tensor

    @property
    def images(self) -> Tensor:
        """All inputs one after another, `(b, C, H, W)`; of V views `(b * V, C, H, W)`."""
        return self.inputs.flatten(0, 1) if self.inputs.ndim == OF_VIEWS else self.inputs

    def to(self, device: torch.device | str) -> Self:
        """The batch with inputs and targets on a device."""
        moved = mapped(lambda leaf: leaf.to(device), self.targets)
        return self._replace(inputs=self.inputs.to(device), targets=moved)


class Taught(NamedTuple):
    """What a model learns of samples that a teacher has seen, too.

    Attributes:
        targets: what is true of them.
        probs: of each class, softened, by the teacher, `(b, n_classes)` or, of pixels,
            `(b, n_classes, H, W)` float32.
    """

    targets: Tensor
    probs: Tensor


class Loss(NamedTuple):
    """The loss of each sample of a batch, and what it is made of.

    Attributes:
        total: `(b,)` float32, what is minimised.
        terms: each term's own value by name, without its weight, `(b,)`; none where there is one.
    """

    total: Tensor
    terms: dict[str, Tensor] = {}

    @classmethod
    def of(cls, found: "Tensor | Loss") -> "Loss":
        """What a loss has returned: either this, or the losses of the samples alone."""
        return found if isinstance(found, Loss) else cls(found)

    def to(self, device: torch.device | str) -> Self:
        """The loss on a device."""
        return self._mapped(lambda value: value.to(device))

    def detach(self) -> Self:
        """The loss without its gradient."""
        return self._mapped(Tensor.detach)

    def _mapped(self, fn: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(fn(self.total), {name: fn(value) for name, value in self.terms.items()})


class Together(NamedTuple):
    """What only all samples of a pass together tell of each of them.

    Attributes:
        indices: of the data set's samples, `(n,)` int64, sorted.
        badness: how wrong each is, `(n,)` floating; larger is worse, NaN is neither.
        kept: what a picture of each needs; dimension 0 is the sample.
        columns: what is told of each in a table, `(n,)` by name.
    """

    indices: np.ndarray
    badness: np.ndarray
    kept: Tree
    columns: dict[str, np.ndarray]


class _Stackable:
    """One sample's values as NumPy, or those of several, stacked along dimension 0."""

    is_batched: bool

    @classmethod
    def stack(cls, each: Sequence[Self]) -> Self:
        """Several as one.

        Raises:
            ValueError: their arrays are of other shapes.
        """
        names = [one.name for one in fields(cls)]
        return cls(*(_stacked([getattr(one, name) for one in each]) for name in names))

    def __getitem__(self, i: int) -> Self:
        """The i-th of several."""
        assert self.is_batched, "there is one alone"
        values = (getattr(self, one.name) for one in fields(self))
        return type(self)(*(None if value is None else value[i] for value in values))


def _stacked(values: Sequence[Any]) -> np.ndarray | None:
    return None if values[0] is None else np.stack([np.asarray(value) for value in values])


@dataclass(frozen=True, eq=False)
class Example(_Stackable):
    """A sample as a person sees it.

    Attributes:
        index: of the data set's samples.
        image: `(H, W, 3)` or `(H, W)` uint8.
        target: what is true of it: a class's number, or a mask `(H, W)`.
        name: of its file, if it has one.
    """

    index: int
    image: np.ndarray
    target: Any
    name: Any = None

    @property
    def is_batched(self) -> bool:
        return np.ndim(self.index) == 1


@dataclass(frozen=True, eq=False)
class Prediction(_Stackable):
    """What a model says of a sample.

    Attributes:
        value: a class's number, or a mask `(H, W)` of them.
        probs: of each class, `(C,)` or, of each pixel, `(C, H, W)` float32; None where the task has
            none.
    """

    value: Any
    probs: np.ndarray | None = field(default=None)

    @property
    def is_batched(self) -> bool:
        # A class's number has no dimension, a mask two.
        return np.ndim(self.value) % 2 == 1

    @property
    def entropy(self) -> Any:
        """-sum p ln p / ln C in [0, 1], of the sample or of each of its pixels."""
        p = np.asarray(self._known_probs, dtype=np.float64)
        terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)
        return np.maximum(-terms.sum(self._axis) / np.log(p.shape[self._axis]), 0)

    @property
    def confidence(self) -> Any:
        """The largest probability, of the sample or of each of its pixels."""
        return self._known_probs.max(self._axis)

    def p(self, cls: int) -> Any:
        """The probability of a class, of the sample or of each of its pixels."""
        return self._known_probs.take(cls, self._axis)

    @property
    def _known_probs(self) -> np.ndarray:
        assert self.probs is not None, "this task's predictions have no probabilities"
        return self.probs

    @property
    def _axis(self) -> int:
        """The dimension of the classes."""
        return -1 if self._known_probs.ndim < 3 else -3
