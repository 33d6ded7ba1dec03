"""Trials as Optuna has them, and a study in memory that knows those which a trial may know."""

import copy
import math
import warnings
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState

from project.search.ranges.dimension import CHOICE, INT, Dimension
from project.search.space import Space
from project.search.values import COMPLETE, FAILED, PRUNED, Constraint, Objective, Rules, Trial

STATES = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}
# Of the least that is beyond a bound which itself is not allowed.
_TINY = 1e-300
# Percentiles of infinite numbers have warnings of their own.
_HUGE = 1e300


def frozen(trial: Trial, space: Space, rules: Rules) -> FrozenTrial:
    """An ended trial as Optuna's own storage and its dashboard have it.

    One whose score is no number is FAIL: Optuna has none such. Values that are not in the space
    any more are left out.
    """
    ranges = {each.name: each for each in space.dimensions}
    params = {n: v for n, v in trial.values.items() if n in ranges and ranges[n].has(v)}
    state = STATES[trial.state]
    if state == TrialState.COMPLETE and not _is_scored(trial, rules):
        state = TrialState.FAIL
    return made(
        state,
        values=list(trial.scores) if state == TrialState.COMPLETE else None,
        params=params,
        distributions={name: real_distribution(ranges[name]) for name in params},
        intermediate_values=dict(trial.intermediate),
        constraints=violations(trial, rules.constraints),
    )


def real_distribution(dimension: Dimension) -> BaseDistribution:
    """The range of a dimension's values, where Optuna has no such range as near as it has."""
    if dimension.kind == CHOICE:
        return CategoricalDistribution(dimension.choices)
    log = dimension.log
    if dimension.kind == INT:
        step = int(dimension.step or 1) if dimension.is_plain else 1
        return IntDistribution(int(dimension.low), int(dimension.high), log, step)
    step = dimension.step if dimension.is_plain else None
    return FloatDistribution(dimension.low, dimension.high, log, step)


def violations(trial: Trial, constraints: Sequence[Constraint]) -> dict[str, float]:
    """How far each measure of a trial is beyond its bound, in parts of the bound.

    It is above 0 where the constraint does not hold; infinite where a complete trial lacks the
    measure. A pruned one may lack it.
    """
    found = {}
    for each in constraints:
        measure = trial.measures.get(each.name, math.nan)
        if not math.isnan(measure):
            found[str(each)] = _beyond(measure, each)
        elif trial.state == COMPLETE:
            found[str(each)] = math.inf
    return found


def _beyond(measure: float, constraint: Constraint) -> float:
    sign = 1.0 if constraint.operator in ("<", "<=") else -1.0
    beyond = sign * (measure - constraint.bound) / (abs(constraint.bound) or 1.0)
    # What is equal to a bound of < is beyond it.
    return beyond if beyond or "=" in constraint.operator else _TINY


def study_of(
    objectives: Sequence[Objective],
    trials: Sequence[FrozenTrial],
    name: str,
    sampler: optuna.samplers.BaseSampler | None = None,
    pruner: optuna.pruners.BasePruner | None = None,
) -> optuna.Study:
    """A study of these trials; the trial asked for next has their count as its number."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    directions = [{"min": "minimize", "max": "maximize"}[each.better] for each in objectives]
    study = optuna.create_study(
        study_name=name,
        directions=directions,
        sampler=sampler or optuna.samplers.RandomSampler(0),
        pruner=pruner or optuna.pruners.NopPruner(),
        storage=optuna.storages.InMemoryStorage(),
    )
    study.add_trials(trials)
    return study


def tpe(seed: int) -> optuna.samplers.TPESampler:
    """The sampler: multivariate also for several objectives, in groups for conditions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


def seen(trial: Trial, space: Space, rules: Rules) -> FrozenTrial:
    """A trial as the sampler sees it.

    Positions stand for values of ranges that Optuna has not. One that has not ended, or may not be
    looked at, says with which values others are being tried. One whose score is no number is as bad
    as can be, and a pruned one of several objectives, of which Optuna knows no such, worse the
    sooner it was pruned.
    """
    ranges = {each.name: each for each in space.dimensions}
    if any(name not in ranges or not ranges[name].has(v) for name, v in trial.values.items()):
        return made(TrialState.FAIL)
    what = {
        "params": {name: encoded(ranges[name], value) for name, value in trial.values.items()},
        "distributions": {name: distribution(ranges[name]) for name in trial.values},
    }
    state = STATES.get(trial.state, TrialState.RUNNING)
    if state in (TrialState.RUNNING, TrialState.FAIL):
        return made(state, **what)
    beyond = violations(trial, rules.constraints)
    values = list(trial.scores)
    if state == TrialState.COMPLETE and not _is_scored(trial, rules):
        values, beyond["score"] = [0.0] * len(rules.objectives), math.inf
    if state == TrialState.PRUNED and len(rules.objectives) > 1:
        beyond["pruned"] = 1.0 / (1 + max(trial.intermediate, default=0))
    return made(
        state,
        values=values if state == TrialState.COMPLETE else None,
        intermediate_values=finite(trial),
        constraints=beyond,
        **what,
    )


def distribution(dimension: Dimension) -> BaseDistribution:
    """The range that the sampler is given."""
    return real_distribution(dimension) if dimension.is_plain else FloatDistribution(0.0, 1.0)


def encoded(dimension: Dimension, value: Any) -> Any:
    """A value, or its position where Optuna has no such range."""
    return value if dimension.is_plain else dimension.position(value)


def finite(trial: Trial) -> dict[int, float]:
    """A trial's intermediate scores without those that are no numbers, infinite ones cut."""
    numbers = {step: v for step, v in trial.intermediate.items() if not math.isnan(v)}
    return {step: min(max(v, -_HUGE), _HUGE) for step, v in numbers.items()}


def _is_scored(trial: Trial, rules: Rules) -> bool:
    return len(trial.scores) == len(rules.objectives) and all(map(math.isfinite, trial.scores))


class _Kept(FrozenTrial):
    """A trial that a storage in memory takes as it is: copied deeply, thousands take seconds."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Kept":
        return copy.copy(self)


def made(state: TrialState, **what: Any) -> FrozenTrial:
    """A trial of Optuna's; `what` as `create_trial` has it."""
    constraints = what.pop("constraints", {})
    trial = optuna.trial.create_trial(state=state, **what)
    trial.__class__ = _Kept
    for name, value in constraints.items():
        trial.set_constraint(name, value)
    return trial
