"""Hyperband over trials that are given, not run: which rungs each of them has reached."""

from collections.abc import Sequence
from itertools import count, takewhile
from types import SimpleNamespace

import optuna
from optuna.trial import FrozenTrial, TrialState

from project.search.order.study import STATES, finite, made
from project.search.values import Trial

# Under which Optuna 5 notes what a trial had at a rung.
_KEY = "completed_rung_{}"


class Hyperband(optuna.pruners.HyperbandPruner):
    """Optuna's, which knows its brackets before it is first asked."""

    def __init__(self, max_resource: int, reduction_factor: int) -> None:
        super().__init__(1, max_resource, reduction_factor)
        self._most, self._factor = max_resource, reduction_factor

    def rungs(self, name: str, number: int) -> list[int]:
        """The epochs after which a trial's bracket decides: 3^b, 3^(b+1), ..."""
        study = SimpleNamespace(study_name=name)
        self._try_initialization(study)
        bracket = self._get_bracket_id(study, SimpleNamespace(number=number))
        steps = (self._factor**power for power in count(bracket))
        return list(takewhile(lambda step: step <= self._most, steps))


def reported(trial: Trial, counts: bool, rungs: Sequence[int]) -> FrozenTrial:
    """A trial's scores on the way as a pruner has them; an empty place if it does not count.

    Hyperband looks at trials of the same bracket alone, so that rungs may be noted for all.
    """
    if not counts:
        return made(TrialState.FAIL)
    values = finite(trial)
    notes = {_KEY.format(i): values[step] for i, step in enumerate(rungs) if step in values}
    state = STATES[trial.state]
    score = [0.0] if state == TrialState.COMPLETE else None
    return made(state, values=score, intermediate_values=values, system_attrs=notes)
