"""What callbacks are told of single optimizer steps, of which Lightning sees whole blocks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from project.cli.faults import Misuse
from project.files import definitions
from project.words.places import shown


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


def states(callbacks: Sequence[Callback]) -> dict[str, Any]:
    """`callbacks`: what they have to be put back, by Lightning's `state_key`; {} if none has any.

    Raises:
        ValueError: one has what no checkpoint holds, or the key of another.
    """
    found: dict[str, Any] = {}
    for each in callbacks:
        if not (state := each.state_dict()):
            continue
        at = definitions.place(type(each))
        where = f" ({shown(*at)})" if at else ""
        if each.state_key in found:
            raise Misuse(f"two callbacks have the state_key {each.state_key!r}{where}")
        if (odd := _unkept(state)) is not None:
            raise Misuse(
                f"callback {type(each).__name__} has a {type(odd).__name__} in its state_dict,"
                f" where tensors, dicts, lists and plain values can be kept{where}"
            )
        found[each.state_key] = state
    return {"callbacks": found} if found else {}


def _unkept(value: Any) -> Any:
    """The first part of a state that a checkpoint can't hold; None if it can hold all."""
    if isinstance(value, (dict, list)):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return next((odd for part in parts if (odd := _unkept(part)) is not None), None)
    kept = value is None or isinstance(value, Tensor) or type(value) in (bool, int, float, str)
    return None if kept else value
