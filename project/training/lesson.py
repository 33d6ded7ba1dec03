"""What training learns besides what is true of its samples: what a teacher says of them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from project.values import Batch, Loss, Taught, Tree


class Teacher(Protocol):
    """Gives of inputs `(b, C, H, W)` the softened probabilities `(b, n_classes, ...)`."""

    def __call__(self, inputs: Tensor) -> Tensor: ...
    def describe(self) -> list[dict[str, Any]]: ...
    def check_same(self, record: Mapping[str, Any]) -> None: ...


class Lesson(NamedTuple):
    """A teacher, and the loss by which a model learns from it; neither is part of the model.

    Attributes:
        teacher: of what the model learns.
        loss: maps outputs, and targets with these probabilities, to the loss of each sample.
    """

    teacher: Teacher
    loss: Callable[[Tree, Taught], Loss]

    def taught(self, batch: Batch) -> Batch:
        """The batch with what the teacher says beside its targets."""
        return batch._replace(targets=Taught(batch.targets, self.teacher(batch.inputs)))
