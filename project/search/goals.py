"""How far a sweep is to go: as far as any command has asked, and never less."""

import sys
from argparse import Namespace
from dataclasses import replace

from project.search.agenda import Agenda
from project.search.order import sampling
from project.search.order.points import stepless
from project.search.ranges.dimension import POINTS
from project.search.spec import Goal, Spec
from project.search.values import FAILED


def reachable(trials: int, spec: Spec) -> int:
    """So many trials, or as many as the grid has."""
    most = sampling.capacity(spec.space, spec.rules)
    return trials if most is None else min(trials, most)


def _told(trials: int, spec: Spec) -> int:
    """What is reachable; where it is less, that is said."""
    most = reachable(trials, spec)
    if most < trials:
        cut = stepless(spec.space)
        why = f", with {POINTS} values each of {', '.join(cut)}" if cut else ""
        said = f"the grid has {most} combinations{why}, so there are {most} trials"
        print(f"note: {said}", file=sys.stderr)
    return most


def further(agenda: Agenda, arguments: Namespace) -> Goal:
    """How far the sweep is to go, by what it was to and what a command asks for.

    Raises:
        ValueError: for fewer trials than before.
    """
    goal = agenda.goal()
    trials = arguments.trials or 0
    if 0 < trials < goal.trials:
        said = f"the sweep has {goal.trials}, and none is taken back"
        raise ValueError(f"--trials {trials}: {said}; --timeout ends it earlier")
    trials = max(_told(trials, agenda.spec), goal.trials)
    goal = replace(goal, trials=trials, confirm=max(arguments.confirm or 0, goal.confirm))
    return _retried(agenda, goal) if arguments.retry_failed else goal


def _retried(agenda: Agenda, goal: Goal) -> Goal:
    """With further trials that have the flags of those that failed, and weren't tried again."""
    trials = agenda.storage.trials(agenda.name)
    failed = [trial.number for trial in trials if trial.state == FAILED]
    # One that failed again is tried again as itself.
    missing = [number for number in failed if number not in goal.retries.values()]
    first = max(goal.total, len(trials))
    return replace(goal, retries={**goal.retries, **{first + i: n for i, n in enumerate(missing)}})
