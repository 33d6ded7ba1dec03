"""Which trials are the best: those that ended well and keep the constraints, in order."""

import math
import operator
from collections.abc import Iterable, Sequence

from project.search.values import COMPLETE, Constraint, Objective, Rules, Trial

# So many trials are run again with new seeds, beside the default flags.
CONFIRMED = 3
_KEEPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def keeps(trial: Trial, constraints: Iterable[Constraint]) -> bool:
    """Whether a trial's measures are known and fulfil all constraints."""
    return all(
        not math.isnan(measure := trial.measures.get(told.name, math.nan))
        and _KEEPS[told.operator](measure, told.bound)
        for told in constraints
    )


def eligible(trials: Iterable[Trial], rules: Rules) -> list[Trial]:
    """Those that are complete, have finite scores and keep the constraints, as they came."""
    return [
        trial
        for trial in trials
        if trial.state == COMPLETE
        and len(trial.scores) == len(rules.objectives)
        and all(map(math.isfinite, trial.scores))
        and keeps(trial, rules.constraints)
    ]


def choose(trials: Sequence[Trial], rules: Rules, most: int = CONFIRMED) -> list[int]:
    """The numbers of the best trials, best first; of equal ones the earlier comes first.

    Trials of the same flags give the same run, so that only the first of them counts. Of several
    objectives the trials of the Pareto front are chosen, those first that are nearest to the best
    value of each objective, in units of the front's extent along it.

    Args:
        trials: in any state and order.
        rules: of the sweep.
        most: how many are wanted; fewer are given where there are no more.
    """
    found = _distinct(eligible(sorted(trials, key=lambda trial: trial.number), rules))
    if len(rules.objectives) == 1:
        found.sort(key=lambda trial: costs(trial, rules.objectives))
    else:
        found = _nearest(front(found, rules.objectives), rules.objectives)
    return [trial.number for trial in found[:most]]


def costs(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...]:
    """A trial's scores, each turned so that less is better."""
    return tuple(
        score if told.better == "min" else -score
        for score, told in zip(trial.scores, objectives, strict=True)
    )


def front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """The trials that no other one is as good as in each objective and better in one.

    Args:
        trials: of `eligible`.
        objectives: of the sweep.
    Returns:
        In the order of the first objective, best first; of equal scores all.
    """
    ordered = sorted(trials, key=lambda trial: (costs(trial, objectives), trial.number))
    kept: list[tuple[tuple[float, ...], Trial]] = []
    for trial in ordered:
        cost = costs(trial, objectives)
        # In this order none that comes later is better than one that came before; of two
        # objectives the last one kept has the best second score of all before.
        others = kept[-1:] if len(objectives) == 2 else kept
        if not any(_beats(other, cost) for other, _ in others):
            kept.append((cost, trial))
    return [trial for _, trial in kept]


def best_so_far(trials: Iterable[Trial], rules: Rules) -> list[tuple[int, float]]:
    """Where the first objective's best changed: the trial's number and its score."""
    steps: list[tuple[int, float]] = []
    first, *_ = rules.objectives
    for trial in eligible(sorted(trials, key=lambda trial: trial.number), rules):
        (score, *_), (cost, *_) = trial.scores, costs(trial, rules.objectives)
        if not steps or cost < (steps[-1][1] if first.better == "min" else -steps[-1][1]):
            steps.append((trial.number, score))
    return steps


def _distinct(trials: Iterable[Trial]) -> list[Trial]:
    found: dict[tuple, Trial] = {}
    for trial in trials:
        found.setdefault(tuple(sorted((k, repr(v)) for k, v in trial.values.items())), trial)
    return [*found.values()]


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _nearest(trials: list[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    every = [costs(trial, objectives) for trial in trials]
    lows = [min(column) for column in zip(*every, strict=True)]
    extents = [max(column) - min(column) or 1.0 for column in zip(*every, strict=True)]

    def distance(trial: Trial) -> float:
        cost = costs(trial, objectives)
        return math.hypot(*((c - low) / e for c, low, e in zip(cost, lows, extents, strict=True)))

    return sorted(trials, key=lambda trial: (distance(trial), trial.number))
