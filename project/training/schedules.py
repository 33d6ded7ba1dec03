"""Learning-rate schedules, built from the hyperparameters."""

import math
from collections.abc import Callable

from torch.optim import Optimizer

from project import plugs
from project.cli.curves import Curve, curves
from project.hyperparameters import Hyperparameters
from project.training.origin import Origin
from project.training.rates import RATE, SCALE

# Learning rate and momentum by the number of steps done; no momentum where that is not its own.
Schedule = Callable[[int], tuple[float, float | None]]


def make_schedule(
    hparams: Hyperparameters, total_steps: int, origin: Origin | None = None
) -> Schedule:
    """The learning rate and the momentum of each of `total_steps` optimizer steps, counted from 0.

    For a run that goes on from another one, `from_schedule` says which: those that a run of all
    these steps would have had (`continue`), those of a course over the steps since (`restart`), or
    the latest ones for good (`hold`). The momentum of an optimizer from outside is left alone.
    """
    schedule = _made(hparams, total_steps, origin)
    if plugs.is_outside("optimizer", hparams.optimizer):
        return lambda step: (schedule(step)[0], None)
    return schedule


def _made(hparams: Hyperparameters, total_steps: int, origin: Origin | None) -> Schedule:
    if origin is None or hparams.from_schedule == "continue":
        return _course(hparams, total_steps)
    if hparams.from_schedule == "hold":
        return lambda step: (origin.rate, origin.momentum)
    anew = _course(hparams, total_steps - origin.step)
    return lambda step: anew(step - origin.step)


def _course(hparams: Hyperparameters, total_steps: int) -> Schedule:
    """That of `schedule` over so many steps, but for what has a curve of its own.

    With one of the learning rate alone, the momentum is the flag's.
    """
    found = curves(hparams.schedules)
    plain = _known(hparams.schedule, hparams, total_steps)
    if not found.keys() & {"learning_rate", "momentum"}:
        return plain
    alone = _known("constant", hparams, total_steps) if "learning_rate" in found else plain
    rate = _of_curve(found.get("learning_rate"), 0, hparams, total_steps) or _part(plain, 0)
    momentum = _of_curve(found.get("momentum"), 1, hparams, total_steps) or _part(alone, 1)
    return lambda step: (rate(step), momentum(step))


def _of_curve(
    curve: Curve | None, part: int, hparams: Hyperparameters, total_steps: int
) -> Callable[[int], float] | None:
    if curve is None:
        return None
    if curve.known:
        return _part(_known(curve.known, hparams, total_steps), part)
    course = curve.course(getattr(hparams, curve.name))
    return lambda step: course(step / total_steps)


def _part(schedule: Schedule, part: int) -> Callable[[int], float]:
    return lambda step: schedule(step)[part]


def _known(name: str, hparams: Hyperparameters, total_steps: int) -> Schedule:
    """That of this name.

    A function of the step alone, so that nothing needs to be kept to go on in the middle; torch's
    schedulers, which this equals, take four times as long, a fiftieth of a small model's step.

    one-cycle (Smith & Topin 2018) rises from a 25th for `warmup_fraction` of the steps and falls to
    1/10,000 of its start; momentum goes the other way, from the set value down by a tenth and back.
    """
    rate, momentum = hparams.learning_rate, hparams.momentum
    if name == "cosine":
        return lambda step: (_cosine(rate, 0.0, step / total_steps), momentum)
    if name != "one-cycle":
        return lambda step: (rate, momentum)
    # Both ends count: the step after the last one would have the end's rate. The rise is never
    # shorter than half a step, for it divides.
    rise = max(hparams.warmup_fraction, 1.5 / (total_steps + 1)) * (total_steps + 1) - 1
    first, least = rate / 25, momentum * 0.9

    def one_cycle(step: int) -> tuple[float, float]:
        if step <= rise:
            share = step / rise
            return _cosine(first, rate, share), _cosine(momentum, least, share)
        share = (step - rise) / (total_steps - rise)
        return _cosine(rate, first / 1e4, share), _cosine(least, momentum, share)

    return one_cycle


def _cosine(start: float, end: float, share: float) -> float:
    """Half a cosine's way from `start`, at a share of 0, to `end`, at 1."""
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def set_rate(optimizer: Optimizer, rate: float, momentum: float | None) -> None:
    """Let the optimizer's next step be with this learning rate, and this momentum if any.

    A group with a scale has that times the rate.
    """
    for group in optimizer.param_groups:
        if SCALE in group:
            group["lr"], group[RATE] = rate * group[SCALE], rate
        else:
            group["lr"] = rate
        if momentum is None:
            continue
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum
