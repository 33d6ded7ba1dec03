"""What callbacks are told of single optimizer steps, of which Lightning sees whole blocks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class StepCallback(Callback):
    """Lightning's, which is told after each optimizer step, too.

    Before one, each callback's `on_before_optimizer_step` is called, as Lightning has it.
    """

    def on_after_optimizer_step(self, trainer: Trainer, solver: LightningModule) -> None:
        """The weights are new; `solver.step` and `solver.step_in_epoch` count this step."""


Hooks = tuple[Callable[..., Any], ...]


def before_steps(callbacks: Sequence[Callback], trainer: Trainer, solver: LightningModule) -> Hooks:
    """What is called with the optimizer before each step, once the gradients are there."""
    name = "on_before_optimizer_step"
    return tuple(
        partial(getattr(each, name), trainer, solver)
        for each in callbacks
        if getattr(type(each), name) is not getattr(Callback, name)
    )


def after_steps(callbacks: Sequence[Callback], trainer: Trainer, solver: LightningModule) -> Hooks:
    """What is called after each step."""
    told = [each for each in callbacks if isinstance(each, StepCallback)]
    return tuple(partial(each.on_after_optimizer_step, trainer, solver) for each in told)
