"""Where a run began that goes on from another one, and what its schedule makes of that."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from project.cli.curves import curves
from project.hyperparameters import Hyperparameters
from project.training.rates import RATE


class Origin(NamedTuple):
    """Between which steps a run began that took its parent's weights and optimizer over.

    Attributes:
        epoch: counted from 0; those before it were the parent's, as the steps were.
        step: optimizer steps done by then.
        step_in_epoch: those of them in that epoch.
        rate: learning rate of the latest of them.
        momentum: likewise; None where the optimizer has none.
    """

    epoch: int
    step: int
    step_in_epoch: int
    rate: float
    momentum: float | None

    @classmethod
    def read(cls, at: Mapping[str, Any], optimizer: Mapping[str, Any]) -> "Origin":
        """Of a position, and the optimizer's state there (or later, where the rate is held)."""
        group = optimizer["param_groups"][0]
        momentum = group["betas"][0] if "betas" in group else group.get("momentum")
        return cls(
            at["epoch"], at["step"], at["step_in_epoch"], group.get(RATE, group["lr"]), momentum
        )


def total_steps(hparams: Hyperparameters, steps_per_epoch: int, origin: Origin | None) -> int:
    """Optimizer steps after which training ends, with those of a parent.

    Args:
        hparams: of the run.
        steps_per_epoch: in a full epoch; the parent's epochs may have had others.
        origin: of a run with a parent.
    """
    if origin is None:
        of_epochs = hparams.max_epochs * steps_per_epoch
    else:
        rest = max(0, steps_per_epoch - origin.step_in_epoch)
        of_epochs = origin.step + rest + (hparams.max_epochs - origin.epoch - 1) * steps_per_epoch
    return min(hparams.max_steps or 2**62, of_epochs)


def course_line(hparams: Hyperparameters, origin: Origin, steps_per_epoch: int, rate: float) -> str:
    """How the learning rate goes on, for the person who starts a run from another one.

    Args:
        hparams: of the new run.
        origin: where it begins.
        steps_per_epoch: in a full epoch of it.
        rate: of its first step.
    """
    kind, total = hparams.schedule, total_steps(hparams, steps_per_epoch, origin)
    before = f"the learning rate, {origin.rate:.3g} at the end of the parent,"
    if hparams.from_schedule == "hold":
        return f"{before} stays as it is"
    if "learning_rate" in curves(hparams.schedules):
        anew = hparams.from_schedule == "restart"
        return f"{before} goes on at {rate:.3g}, on its curve{' from the beginning' * anew}"
    if kind == "constant":
        return f"{before} is {rate:.3g} from here on (constant)"
    if hparams.from_schedule == "restart":
        left = total - origin.step
        return f"{before} begins anew at {rate:.3g}: a {kind} over the {left} steps to come"
    where = f"{total} steps has it at step {origin.step}"
    if total == hparams.max_epochs * steps_per_epoch and not origin.step_in_epoch:
        where = f"{hparams.max_epochs} epochs has it after {origin.epoch}"
    return f"{before} goes on at {rate:.3g}, as a {kind} over {where}"
