"""Which trials end early: what their scores on the way say beside those of trials before them."""

import math
from collections.abc import Mapping, Sequence

import optuna
from optuna.trial import TrialState

from project.search.order.rungs import Hyperband, reported
from project.search.order.study import made, study_of, violations
from project.search.values import Plain, Rules, Trial

# Of Hyperband: a third of a bracket's trials go on from each rung.
_FACTOR = 3
# A trial is not compared with the median before this share of its epochs: a high learning rate
# rises first.
_WARM_UP = 5


class Pruner:
    """Tells after each epoch of a trial whether it should end.

    Args:
        rules: with the pruner, the window and the most epochs that any trial has.
        history: trials before this one; those up to `number - window` alone are looked at.
        number: of the trial.
        values: of its flags that are searched, perhaps with epochs of its own.
        name: of the sweep: with the number, it says which of Hyperband's brackets a trial is in.
    """

    def __init__(
        self,
        rules: Rules,
        history: Sequence[Trial],
        number: int,
        values: Mapping[str, Plain],
        name: str,
    ) -> None:
        self._epochs = int(values.get("max_epochs", rules.max_epochs))
        self._trial = None
        if rules.pruner != "none":
            known = [trial for trial in history if trial.number <= number - rules.window]
            self._trial = self._begun(rules, known, number, name)

    def should_prune(self, epoch: int, value: float) -> bool:
        """Whether the trial should end; asked after each epoch but the last, in order.

        Args:
            epoch: from 1.
            value: the first objective's, then.
        """
        if self._trial is None:
            return False
        if math.isnan(value):
            return True
        self._trial.report(min(max(value, -1e300), 1e300), epoch)
        return bool(self._trial.should_prune())

    def _begun(self, rules: Rules, known: Sequence[Trial], number: int, name: str) -> optuna.Trial:
        """The trial in a study of those that it may know, with the number that it has."""
        if rules.pruner == "median":
            warm_up = math.ceil(self._epochs / _WARM_UP)
            pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=warm_up)
            steps = []
        else:
            pruner = Hyperband(max_resource=rules.max_epochs, reduction_factor=_FACTOR)
            steps = pruner.rungs(name, number)
        # What breaks a constraint is no measure of what keeps it: larger models learn faster.
        good = [
            max(violations(trial, rules.constraints).values(), default=0) <= 0 for trial in known
        ]
        trials = [reported(*each, steps) for each in zip(known, good, strict=True)]
        trials += [made(TrialState.FAIL)] * (number - len(known))
        return study_of(rules.objectives[:1], trials, name, pruner=pruner).ask()
