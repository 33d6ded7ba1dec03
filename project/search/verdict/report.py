"""What is told of a sweep at its end, on the terminal and on its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from project.search.values import ENDED, Rules, Trial
from project.search.verdict.confirmation import Jobs, verdicts, winner
from project.search.verdict.importance import Importance, importance
from project.search.verdict.judging import DEFAULT, Arm, Verdict
from project.search.verdict.ranking import choose
from project.words.telling import clean

if TYPE_CHECKING:
    from project.search.space import Space

_LONGEST = 140  # characters of why a trial has failed


@dataclass(frozen=True)
class Report:
    """A sweep and what came of it.

    Attributes:
        name: of the sweep.
        rules: of its choice.
        space: what was searched.
        trials: by number, in any state.
        goal: how many trials there are to be.
        confirmed: the confirmation runs, with their facts `arm` and `seed`; of the best trials as
            they are chosen now, and of the default flags.
        tested: the scores of the test by name and seed, of the winner or of the default flags.
        command: which runs the winner, or the best trial there is.
        seconds: of wall time that the sweep has taken as a whole; None if that is unknown.
    """

    name: str
    rules: Rules
    space: "Space"
    trials: Sequence[Trial]
    goal: int
    confirmed: Jobs = ()
    tested: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    command: str = ""
    seconds: float | None = None

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each objective."""
        return verdicts(self.confirmed, self.rules)

    @cached_property
    def importance(self) -> Importance:
        """How much each flag matters; of thousands of trials it takes a second or two."""
        return importance(self.trials, self.space, self.rules)

    @property
    def winner(self) -> int | None:
        """The trial shown to be better than the default flags."""
        return winner(self.verdicts)

    @cached_property
    def best(self) -> list[Trial]:
        """The best trials, best first; of several objectives the first of the front."""
        by_number = {trial.number: trial for trial in self.trials}
        return [by_number[number] for number in choose(self.trials, self.rules)]

    @property
    def unfinished(self) -> int:
        """How many confirmation runs have not ended."""
        return sum(job.state not in ENDED for job, _ in self.confirmed)


def arm_name(arm: Arm) -> str:
    """`trial 7`, or `default flags`."""
    return "default flags" if arm == DEFAULT else f"trial {arm}"


def failure_text(trial: Trial) -> str:
    """Why a trial has failed, in a line; its run has all of it."""
    more = "..." if len(trial.reason) > _LONGEST else ""
    return f"failed: {clean(trial.reason[:_LONGEST])}{more}"


def values_text(values: Mapping[str, object]) -> str:
    """Flags and their values, as people read them; one that is given no value has none."""
    texts = {k: f"{v:.4g}" if isinstance(v, float) else str(v) for k, v in values.items()}
    return " ".join(f"{k}={v or 'none'}" for k, v in texts.items())
