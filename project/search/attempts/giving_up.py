"""A trial that its sweep gives up: training ends after an epoch that a pruner finds hopeless."""

import math
from pathlib import Path
from typing import Protocol

from pytorch_lightning import Callback, LightningModule, Trainer

from project.run_directory import JOURNAL
from project.search.attempts.results import by_epoch
from project.search.membership import Membership
from project.training.state import Position


class Judge(Protocol):
    """A pruner, as `search.pruning` has it."""

    def should_prune(self, epoch: int, value: float) -> bool: ...


class GiveUp(Callback):
    """Asks the pruner after each validation but the last one, whose trial is complete anyway.

    What it says follows from the epochs so far alone. So a trial that was killed is given up where
    it would have been: the pruner first hears what the journal has of the epochs before.

    Args:
        judge: the pruner of this trial.
        score: the validation score it looks at.

    Attributes:
        reason: why the trial was given up; None: it was not.
    """

    def __init__(self, judge: Judge, score: str) -> None:
        self.reason: str | None = None
        self._judge, self._score = judge, score

    def hear(self, journal: Path, epochs: int) -> None:
        """Let the pruner hear of the epochs before a resumption.

        Args:
            journal: of the run.
            epochs: how many are behind it.
        Raises:
            ValueError: the journal is damaged.
            OSError: it can't be read.
        """
        for epoch, value in sorted(by_epoch(journal, self._score).items()):
            if epoch <= epochs:
                self._ask(epoch, value)

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """End training after this epoch, in order, if the trial is given up."""
        if solver.step >= solver.total_steps:  # it ends by itself
            return
        self._ask(trainer.current_epoch + 1, solver.scores[self._score])
        if self.reason:
            trainer.should_stop = True

    def _ask(self, epoch: int, value: float) -> None:
        if self.reason is None and self._judge.should_prune(epoch, value):
            behind = "is no number" if math.isnan(value) else f"{value:.4g} is behind other trials'"
            self.reason = f"after epoch {epoch}: {self._score} {behind}"


def giving_up(
    member: Membership | None, resumed: Path | None, position: Position | None, total_steps: int
) -> list[GiveUp]:
    """What gives a trial up, if its sweep has a pruner.

    Args:
        member: whose trial it is; None: no sweep's.
        resumed: directory of a run that goes on.
        position: where it does.
        total_steps: after which training ends by itself.
    """
    if member is None or not member.may_be_pruned:
        return []
    from project.search.order.pruning import Pruner  # loads Optuna, which few runs need

    pruner = Pruner(member.rules, member.history, member.number, member.values, member.sweep)
    found = GiveUp(pruner, member.rules.objectives[0].name)
    if resumed and position:
        is_over = position.step >= total_steps and not position.step_in_epoch
        found.hear(resumed / JOURNAL, position.epoch - is_over)
    return [found]
