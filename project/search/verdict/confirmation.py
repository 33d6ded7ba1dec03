"""The runs that confirm a sweep: which scores they had, what they show, and who has won."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from project.search.values import COMPLETE, ENDED, Rules, Trial
from project.search.verdict.judging import DEFAULT, ERROR, Arm, Verdict, verdict
from project.search.verdict.ranking import keeps

Jobs = Sequence[tuple[Trial, Mapping[str, Any]]]


def scores_of(jobs: Jobs, rules: Rules) -> tuple[dict[Arm, dict[int, float]], ...]:
    """For each objective the scores by arm and seed, nan of a run that failed.

    A job that hasn't ended has none yet; an arm is there from its first job on. A run of a trial
    that breaks a constraint counts as failed: the constraint is part of what was asked for. The
    default flags need not keep them.

    Args:
        jobs: of the kind `confirm`, with their facts `arm` (a number, or DEFAULT) and `seed`.
        rules: of the sweep.
    """
    found: tuple[dict[Arm, dict[int, float]], ...] = tuple({} for _ in rules.objectives)
    for job, facts in jobs:
        arm = facts["arm"]
        bound = () if arm == DEFAULT else rules.constraints
        good = job.state == COMPLETE and len(job.scores) == len(found) and keeps(job, bound)
        for place, scores in enumerate(found):
            own = scores.setdefault(arm, {})
            if job.state in ENDED:
                own[int(facts["seed"])] = float(job.scores[place]) if good else math.nan
    return found


def verdicts(jobs: Jobs, rules: Rules) -> tuple[Verdict, ...]:
    """A verdict for each objective; the error of the whole is shared among them."""
    error = ERROR / len(rules.objectives)
    return tuple(
        verdict(scores, told.better, error)
        for scores, told in zip(scores_of(jobs, rules), rules.objectives, strict=True)
    )


def winner(found: Sequence[Verdict]) -> int | None:
    """The trial that is shown to be better than the default flags; None where none is.

    Of several objectives it is shown to be worse in none, and better in as many as there are; of
    more such trials the one that the sweep has before.
    """
    if len(found) == 1:
        return found[0].winner
    counts = {
        each[0].arm: sum(told.is_better for told in each)
        for each in zip(*(told.comparisons for told in found), strict=True)
        if not any(told.is_worse for told in each)
    }
    best = max(counts, key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] else None
