"""Courses of weight decay, dropout and label smoothing, which each step sets before it begins.

They are functions of the step alone, as that of the learning rate is: nothing needs to be kept to
go on in the middle. What is evaluated has the flags' values.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.dropout import _DropoutNd
from torch.optim import Optimizer

from project.cli.curves import FLAG, curves
from project.hyperparameters import Hyperparameters
from project.training.origin import Origin

DECAY, DROPOUT, SMOOTHING = NAMES = ("weight_decay", "dropout", "label_smoothing")


class Courses:
    """Sets, for a step, what has a course of its own.

    Dropout is that of the model's modules which have the flag's probability; label smoothing that
    of the loss's terms with such an attribute.

    Args:
        hparams: of the run.
        total_steps: of the training, with those of a parent.
        origin: of a run with a parent; with `--from-schedule restart` courses begin there.
        model: that is trained.
        loss: that is minimised; its `parts`, if it has any, are its terms.

    Raises:
        ValueError: the model has no such dropout, or no term such an attribute; a line for each.
    """

    def __init__(
        self,
        hparams: Hyperparameters,
        total_steps: int,
        origin: Origin | None,
        model: nn.Module,
        loss: Any,
    ) -> None:
        found = curves(hparams.schedules)
        self._courses = {
            name: curve.course(getattr(hparams, name))
            for name, curve in found.items()
            if name in NAMES
        }
        anew = origin is not None and hparams.from_schedule == "restart"
        self._begins = origin.step if anew else 0
        self._steps = total_steps - self._begins
        self._smoothing = hparams.label_smoothing
        self._dropouts = [m for m in model.modules() if _has(m, hparams.dropout)]
        terms: Iterable[Any] = (term for _, term in getattr(loss, "parts", ()))
        self._terms = [term for term in terms if hasattr(term, SMOOTHING)]
        self._check(hparams)

    def _check(self, hparams: Hyperparameters) -> None:
        told = []
        if DROPOUT in self._courses and not self._dropouts:
            told.append(
                f"{FLAG} dropout: --model {hparams.model} has no module that drops units with the"
                f" probability of --dropout {hparams.dropout:g}"
            )
        if SMOOTHING in self._courses and not self._terms:
            told.append(f"{FLAG} label_smoothing: no term of --loss lets it be set at each step")
        if told:
            raise ValueError("\n".join(told))

    def check(self, optimizer: Optimizer) -> Optimizer:
        """The optimizer, if its weight decay can be set.

        Raises:
            ValueError: it has none.
        """
        if DECAY in self._courses and any(DECAY not in g for g in optimizer.param_groups):
            raise ValueError(
                f"{FLAG} weight_decay: the optimizer's groups have no weight_decay to be set"
            )
        return optimizer

    def values(self, step: int) -> Mapping[str, float]:
        """Of the step that follows `step` others, by name; {} where nothing has a course."""
        time = (step - self._begins) / self._steps if self._courses else 0.0
        return {name: course(time) for name, course in self._courses.items()}

    @contextmanager
    def of(self, step: int, optimizer: Optimizer) -> Iterator[None]:
        """While a step is done, let all have the values of its courses."""
        values = self.values(step)
        for group in optimizer.param_groups if DECAY in values else ():
            group[DECAY] = values[DECAY]
        for module in self._dropouts if DROPOUT in values else ():
            module.p = values[DROPOUT]
        smoothed = self._terms if SMOOTHING in values else ()
        for term in smoothed:
            term.label_smoothing = values[SMOOTHING]
        yield
        for term in smoothed:
            term.label_smoothing = self._smoothing


def _has(module: nn.Module, dropout: float) -> bool:
    return isinstance(module, _DropoutNd) and module.p == dropout
