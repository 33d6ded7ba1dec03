"""How much each flag matters: PED-ANOVA, by Optuna, of the trials that are complete."""

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType

from project.search.space import Space
from project.search.values import Rules, Trial
from project.search.verdict.ranking import eligible

# Of fewer trials the best tell nothing.
FEWEST = 10
# The best tenth of trials is told from all, but no fewer than these, nor more than half.
_SHARE, _TOP = 0.1, 5
# So often scores are dealt out anew: chance gives more than the most of 19 in one of 20 cases.
_DEALT = 19


@dataclass(frozen=True)
class Importance:
    """How much flags matter for being among the best trials; of several objectives, for the front.

    Attributes:
        shares: of each flag, the most important first; they are 1 together.
        chance: on the same scale, the most that a flag has where the same scores are dealt out to
            the trials anew.
        why: why there are no shares.
    """

    shares: Mapping[str, float]
    chance: Mapping[str, float] = field(default_factory=dict)
    why: str = ""

    @property
    def shown(self) -> list[str]:
        """The flags that matter more than by chance."""
        return [name for name, share in self.shares.items() if share > self.chance[name]]


def importance(trials: Sequence[Trial], space: Space, rules: Rules) -> Importance:
    """The flags that tell the best trials from all.

    Source: Watanabe, Bansal & Hutter, "PED-ANOVA", IJCAI 2023 (arxiv.org/abs/2304.10255).
    """
    good = [trial for trial in eligible(trials, rules) if trial.values]
    if len(good) < FEWEST:
        return Importance({}, why=f"{len(good)} trials are complete: {FEWEST} tell a little.")
    moving = [each.name for each in space.dimensions if _varies(each.name, good)]
    if not moving:
        return Importance({}, why="All trials have the same flags.")
    if len({trial.scores for trial in good}) < 2:
        return Importance({}, why="All trials have the same score.")
    raw, dealt = _divergences(good, moving, space, rules)
    total = sum(raw.values())
    if not total > 0:
        return Importance({}, why="No flag tells the best trials from the others.")
    ordered = sorted(moving, key=lambda name: -raw[name])
    return Importance(*({name: told[name] / total for name in ordered} for told in (raw, dealt)))


def _varies(name: str, trials: Sequence[Trial]) -> bool:
    return len({repr(trial.values.get(name)) for trial in trials}) > 1


def _divergences(
    trials: Sequence[Trial], names: list[str], space: Space, rules: Rules
) -> tuple[dict[str, float], dict[str, float]]:
    """Of each flag how far the best trials' values are from all trials', and what chance gives."""
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator

    from project.search.order.study import frozen, real_distribution

    ways = [{"min": "minimize", "max": "maximize"}[told.better] for told in rules.objectives]
    share = min(max(_SHARE, _TOP / len(trials)), 0.5)
    with _quiet(optuna):
        study = optuna.create_study(directions=ways)
        # One object for the range of each flag: Optuna sorts trials by it, over and over.
        ranges = {each.name: real_distribution(each) for each in space.dimensions}
        for trial in (frozen(each, space, rules) for each in trials):
            trial.distributions = {name: ranges[name] for name in trial.params}
            study.add_trial(trial)
        evaluator = PedAnovaImportanceEvaluator(target_quantile=share)
        found = evaluator.evaluate(study, params=names)
        dealt, chance = study.get_trials(deepcopy=False), dict.fromkeys(names, 0.0)
        scores, cards = [trial.values for trial in dealt], random.Random(0)
        for _ in range(_DEALT):
            cards.shuffle(scores)
            for trial, values in zip(dealt, scores, strict=True):
                trial.values = values
            for name, value in evaluator.evaluate(study, params=names).items():
                chance[name] = max(chance[name], float(value))
    return {name: max(float(found.get(name, 0.0)), 0.0) for name in names}, chance


@contextmanager
def _quiet(optuna: ModuleType) -> Iterator[None]:
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)
