"""What a sweep does next: trials in their order, then confirmations, then the winner's tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from project.search.spec import Goal, Spec
from project.search.values import COMPLETE, CONFIRM, ENDED, TEST, TRIAL, Plain, Trial
from project.search.verdict.judging import DEFAULT, Arm

if TYPE_CHECKING:
    from project.search.storage import Storage

# Of the trial of this number, from all before it: see `project.search.order.sampling.propose`.
Propose = Callable[[Sequence[Trial], int], Mapping[str, Plain]]
# The numbers of the best trials, the best first: see `project.search.verdict.ranking.choose`.
Choose = Callable[[Sequence[Trial]], Sequence[int]]
# Confirmed runs with their facts.
Jobs = Sequence[tuple[Trial, Mapping[str, Any]]]
# The arm that these show to be better; None where none is: `project.search.verdict.confirmation`.
Winner = Callable[[Jobs], Arm | None]
# Of a job that isn't planned yet its number, values and facts.
Missing = Sequence[tuple[int, Mapping[str, Plain], Mapping[str, Any]]]


@dataclass
class Agenda:
    """Decides what is to be done from what the storage holds alone, so that all workers agree.

    Attributes:
        storage: of all workers.
        name: of the sweep.
        spec: of the sweep.
        propose: gives the flags of a trial.
        choose: of the trials, those to be confirmed.
        winner: of the confirmed ones, the one to be tested.
    """

    storage: "Storage"
    name: str
    spec: Spec
    propose: Propose
    choose: Choose
    winner: Winner

    def goal(self) -> Goal:
        """How far to go, as the storage has it now."""
        return Goal.from_json(self.storage.spec(self.name))

    def plan(self) -> bool:
        """Put what may be done next into the storage; whether there is anything new to claim.

        Another worker may be faster, with the same: then there is something, too.
        """
        goal, trials = self.goal(), self.storage.trials(self.name)
        if len(trials) < goal.total:
            return self._plan_trial(trials, goal)
        if not goal.confirm or not _all_ended(trials):
            return False
        return self._plan_jobs(
            CONFIRM, self._confirmations_missing(trials, goal)
        ) or self._plan_jobs(TEST, self._tests_missing(trials))

    def is_done(self, goal: Goal | None = None) -> bool:
        """Whether all has ended that is to be done; `goal` may be another than the storage has."""
        goal, trials = goal or self.goal(), self.storage.trials(self.name)
        if len(trials) < goal.total or not _all_ended(trials):
            return False
        if not goal.confirm:
            return True
        missing = self._confirmations_missing(trials, goal) or self._tests_missing(trials)
        return not missing and _all_ended(self._jobs(CONFIRM)) and _all_ended(self._jobs(TEST))

    def confirmed(self, trials: Sequence[Trial]) -> Jobs:
        """The confirmations of those that are chosen now; a former choice may have had others."""
        arms = {*self.choose(trials), DEFAULT}
        return [each for each in self.storage.jobs(self.name, CONFIRM) if each[1]["arm"] in arms]

    def _plan_trial(self, trials: Sequence[Trial], goal: Goal) -> bool:
        number = len(trials)
        # As many as may run at once; results of later ones are not looked at.
        if not _all_ended(trials[: max(0, number - self.spec.rules.window + 1)]):
            return False
        retry_of = goal.retries.get(number)
        if retry_of is not None:
            values = trials[retry_of].values
        elif number < len(self.spec.starts):
            values = self.spec.starts[number]
        else:
            values = self.propose(trials, number)
        self.storage.plan(self.name, TRIAL, number, dict(values), retry_of=retry_of)
        return True

    def _plan_jobs(self, kind: str, missing: Missing) -> bool:
        for number, values, facts in missing:
            self.storage.plan(self.name, kind, number, values, facts)
        return bool(missing)

    def _confirmations_missing(self, trials: Sequence[Trial], goal: Goal) -> Missing:
        """The arms and seeds that no confirmation is planned for, seed by seed.

        Numbers follow from the same look at the storage: whoever plans meanwhile plans the same.
        """
        if not (chosen := self.choose(trials)):
            return []
        first = int(self.spec.settings["seed"])
        seeds = [(first + i) % 2**32 for i in range(1, goal.confirm + 1)]
        there = [
            (facts["arm"], facts["seed"]) for _, facts in self.storage.jobs(self.name, CONFIRM)
        ]
        wanted = [(arm, seed) for seed in seeds for arm in (*chosen, DEFAULT)]
        return [
            (number, {} if arm == DEFAULT else trials[arm].values, {"arm": arm, "seed": seed})
            for number, (arm, seed) in enumerate(
                (each for each in wanted if each not in there), len(there)
            )
        ]

    def _tests_missing(self, trials: Sequence[Trial]) -> Missing:
        """Those of the winner's confirmed runs that no test is planned for."""
        confirmed = self.confirmed(trials)
        if not confirmed or not _all_ended([trial for trial, _ in confirmed]):
            return []
        best = self.winner(confirmed)
        winner = DEFAULT if best is None else best
        there = [facts["of"] for _, facts in self.storage.jobs(self.name, TEST)]
        untested = [
            (trial, facts)
            for trial, facts in confirmed
            if facts["arm"] == winner and trial.state == COMPLETE and trial.number not in there
        ]
        return [
            (number, trial.values, {**facts, "of": trial.number, "run": trial.run})
            for number, (trial, facts) in enumerate(untested, len(there))
        ]

    def _jobs(self, kind: str) -> list[Trial]:
        return [trial for trial, _ in self.storage.jobs(self.name, kind)]


def _all_ended(trials: Sequence[Trial]) -> bool:
    return all(trial.state in ENDED for trial in trials)
