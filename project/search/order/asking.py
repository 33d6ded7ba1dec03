"""What TPE proposes for a trial: asked anew for each, of a study that holds those before it."""

from collections.abc import Sequence
from hashlib import sha256

import optuna
from optuna.distributions import CategoricalDistribution, IntDistribution

from project.search.order.study import distribution, seen, study_of, tpe
from project.search.ranges.dimension import Dimension
from project.search.space import Space
from project.search.values import Plain, Rules, Trial


class Asking:
    """TPE, multivariate and in groups, which learns of some trials.

    Args:
        space: what flags can be.
        rules: with the seed, the objectives and the constraints.
        trials: all before the one asked for, in order.
        name: of the sweep.
    """

    def __init__(self, space: Space, rules: Rules, trials: Sequence[Trial], name: str) -> None:
        self._space, self._rules, self._name = space, rules, name
        self._trials = [seen(trial, space, rules) for trial in trials]

    def ask(self, attempt: int) -> dict[str, Plain]:
        """What is proposed, by a sampler seeded by the sweep's seed, the trial and the attempt."""
        sampler = tpe(seed_of(self._rules.seed, len(self._trials), attempt))
        study = study_of(self._rules.objectives, self._trials, self._name, sampler)
        trial = study.ask()
        assert trial.number == len(self._trials)
        return self._space.completed(lambda dimension: _suggested(trial, dimension))


def seed_of(*numbers: int) -> int:
    """32 bits that follow from some numbers; those of neighbours have nothing in common."""
    return int.from_bytes(sha256("/".join(map(str, numbers)).encode()).digest()[:4], "big")


def _suggested(trial: optuna.Trial, dimension: Dimension) -> Plain:
    range_ = distribution(dimension)
    name, scale = dimension.name, {"log": dimension.log, "step": getattr(range_, "step", None)}
    if isinstance(range_, CategoricalDistribution):
        return trial.suggest_categorical(name, range_.choices)
    if isinstance(range_, IntDistribution):
        return dimension.snapped(trial.suggest_int(name, range_.low, range_.high, **scale))
    if not dimension.is_plain:
        return dimension.at(trial.suggest_float(name, 0.0, 1.0))
    return dimension.snapped(trial.suggest_float(name, range_.low, range_.high, **scale))
