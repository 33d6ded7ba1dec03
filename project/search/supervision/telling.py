"""What a person reads while a sweep runs: a line for each job that ended, and the best so far."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from project.cli.stage import stage
from project.cli.summary import duration, number
from project.search.spec import Goal, Spec
from project.search.values import (
    COMPLETE,
    CONFIRM,
    ENDED,
    FAILED,
    PRUNED,
    TEST,
    TRIAL,
    Rules,
    Trial,
)
from project.search.verdict.ranking import best_so_far, keeps
from project.search.verdict.report import arm_name, failure_text, values_text

if TYPE_CHECKING:
    from project.search.storage import Storage


class Teller:
    """Tells on standard error what has ended since it was asked last, whoever has done it."""

    def __init__(self, storage: "Storage", name: str, spec: Spec) -> None:
        self._storage, self._name, self._spec = storage, name, spec
        self._told: dict[str, set[int]] = {TRIAL: set(), CONFIRM: set(), TEST: set()}
        self._best: Trial | None = None
        self._goal = 0

    def begin(self, goal: Goal) -> None:
        """Say what is searched and how, and how far the sweep has come."""
        rules = self._spec.rules
        ways = {"min": "less is better", "max": "more is better"}
        goals = ", ".join(f"{each.name} ({ways[each.better]})" for each in rules.objectives)
        how = [rules.sampler, *([f"{rules.pruner} pruning"] if rules.pruner != "none" else [])]
        _print(f"sweep {self._name}: {goals}, of")
        # A list of two numbers in a file is a choice of two: here it is seen.
        for line in self._spec.space.lines():
            _print(f"  {line}")
        _print(
            f"{goal.total} trials, {rules.window} at once at most, {rules.threads}"
            f" thread{'s' * (rules.threads > 1)} each; {', '.join(how)}, seed {rules.seed}"
        )
        for constraint in rules.constraints:
            _print(f"constraint: {constraint}")
        trials = self._storage.trials(self._name)
        ended = self._new(TRIAL, trials)
        if trials:
            best = f"; the best so far: {self._scores(self._best)}" if self._best else ""
            _print(f"goes on: {len(ended)} of them have ended{best}")
        for kind in (CONFIRM, TEST):
            self._new(kind, [job for job, _ in self._storage.jobs(self._name, kind)])
        self._goal = goal.total
        self._show()

    def __call__(self) -> None:
        """A line for each trial, confirmation and test that has ended since."""
        for trial in self._storage.trials(self._name):
            for each in self._new(TRIAL, [trial]):
                _print(f"trial {each.number:>3}  {self._came(each)}")
        for kind in (CONFIRM, TEST):
            jobs = self._storage.jobs(self._name, kind)
            facts = {job.number: told for job, told in jobs}
            for job in self._new(kind, [job for job, _ in jobs]):
                _print(f"{kind} of {_named(facts[job.number])}:  {self._came(job, kind)}")
        self._show()

    def say(self, line: str) -> None:
        """Something else, such as that a trial was killed."""
        _print(line)
        self._show()

    def _show(self) -> None:
        """How far it is, in the line that goes again."""
        told = self._told
        if len(told[TRIAL]) < self._goal:
            stage(f"{len(told[TRIAL])} of {self._goal} trials have ended")
        else:
            stage(f"{len(told[CONFIRM])} confirmations and {len(told[TEST])} tests have ended")

    def _new(self, kind: str, jobs: Sequence[Trial]) -> list[Trial]:
        """Those that have ended and aren't told; the best of the trials is kept in mind."""
        told, rules = self._told[kind], self._spec.rules
        found = [job for job in jobs if job.state in ENDED and job.number not in told]
        for job in found:
            told.add(job.number)
            if kind == TRIAL and len(rules.objectives) == 1:
                self._best = _best([*filter(None, [self._best]), job], rules)
        return found

    def _came(self, trial: Trial, kind: str = TRIAL) -> str:
        if trial.state == FAILED:
            return failure_text(trial)
        epochs = max(trial.intermediate, default=0)
        pruned = f"pruned after epoch {epochs}, " if trial.state == PRUNED else ""
        best = "  best" if kind == TRIAL and trial is self._best else ""
        shown = values_text(trial.values) if kind == TRIAL else ""
        time, broken = duration(trial.seconds), ""
        if kind == TRIAL and trial.state == COMPLETE:
            broken = ", ".join(
                f"not {c}" for c in self._spec.rules.constraints if not keeps(trial, [c])
            )
        said = [f"{pruned}{self._scores(trial)}{best}", broken, shown, time]
        return "  ".join(filter(None, said))

    def _scores(self, trial: Trial) -> str:
        names = [each.name for each in self._spec.rules.objectives]
        told = list(zip(names, trial.scores, strict=False))  # a pruned one has the first alone
        if not trial.scores:  # a test
            tests = [f"test_{name.removeprefix('val_')}" for name in names]
            told = [(name, trial.measures[name]) for name in tests if name in trial.measures]
        return ", ".join(f"{name} {number(score)}" for name, score in told)


def _named(facts: Mapping[str, Any]) -> str:
    return f"{arm_name(facts['arm'])}, seed {facts['seed']}"


def _best(trials: Sequence[Trial], rules: Rules) -> Trial | None:
    """The best of the trials by the first objective, of equal ones the earliest; None of none."""
    steps = best_so_far(trials, rules)
    return next(t for t in trials if t.number == steps[-1][0]) if steps else None


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
