"""Whether trials are better than the default flags: new seeds, in pairs, Holm over the trials.

The best of twenty trials looks better than it is: it was chosen for its luck, too. So the trials
chosen run again with seeds that had no part in it, and the default flags with the same ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from project.search.verdict.pooling import half_pooled

DEFAULT = "default"
Arm = int | str  # a trial's number, or DEFAULT
# Of sweeps in which no trial is better, one is called so in at most this share.
ERROR = 0.05
# Why nothing can be said of a trial.
NOT_RUN = "not run yet"
NO_SEED = "no seed that all have"
ONE_SEED = "one seed: can't tell"
SAME = "the same as the default with every seed"
FLAT = "the same difference with every seed: that has no spread, can't tell"
# Of the scores: less than that is what float32 rounds off, of which they are often made.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Comparison:
    """A trial beside the default flags, over the seeds that all have.

    Attributes:
        arm: the trial's number.
        mean: its mean score over the seeds; None without one.
        default: the default's.
        gain: how much better than the default it is on average; below 0 it is worse.
        low, high: the gain is at least `low` and at most `high`, each of which holds for all
            comparisons together with `1 - error`; None without a spread.
        p: by Holm's steps: the least error at which the trial would be called better.
        is_better: whether it is shown to be better.
        why: why nothing can be said of it; empty if something can.
    """

    arm: int
    mean: float | None
    default: float | None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    is_better: bool = False
    why: str = ""

    @property
    def is_worse(self) -> bool:
        """Whether it is shown to be worse."""
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class Verdict:
    """What the confirmation runs of one score tell.

    Attributes:
        better: which values are, min or max.
        seeds: over which trials and default are compared.
        comparisons: of each trial, in the order of the sweep's choice.
        error: of the whole.
    """

    better: str
    seeds: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    error: float = ERROR

    @property
    def winner(self) -> int | None:
        """The trial with the best mean among those shown to be better; None if none is."""
        shown = [told for told in self.comparisons if told.is_better]
        # Of equal ones the one that the sweep has before.
        return max(shown, key=lambda told: told.gain).arm if shown else None


def verdict(
    scores: Mapping[Arm, Mapping[int, float]], better: str, error: float = ERROR
) -> Verdict:
    """Compare each trial with the default by one score.

    Differences are taken seed by seed. Their variance is `half_pooled`; the mean of n differences
    over its standard error is judged by Student's t distribution with the degrees of freedom that
    come with that, on the one side alone (better), and by Holm's steps over the trials (Holm 1979,
    jstor.org/stable/4615733). The ends of intervals are Bonferroni's of the same error, so that
    they hold together; of a second or third trial Holm's steps may show what they just don't.

    It is assumed that differences are nearly normal; not that all trials vary alike.

    Args:
        scores: of DEFAULT and of trials, by seed; nan for a run that failed, nothing for one that
            hasn't ended.
        better: min or max.
        error: with which probability at most a trial is called better though none is.
    """
    base = scores.get(DEFAULT, {})
    arms = [arm for arm in scores if isinstance(arm, int)]
    whys = {arm: _unclear(scores[arm]) for arm in arms}
    judged = [arm for arm in arms if not whys[arm]]
    seeds = tuple(
        seed
        for seed, score in sorted(base.items())
        if math.isfinite(score) and all(seed in scores[arm] for arm in judged)
    )
    sign = -1 if better == "min" else 1
    rows = {arm: [sign * (scores[arm][s] - base[s]) for s in seeds] for arm in judged}
    largest = max((abs(scores[a][s]) for a in (DEFAULT, *judged) for s in seeds), default=0.0)
    found = _compared(rows, len(arms), error, _ROUNDING * largest)
    told = [
        Comparison(
            arm,
            *(
                fmean(values[s] for s in seeds) if rows.get(arm) else None
                for values in (scores[arm], base)
            ),
            **found.get(arm, {"why": whys[arm]}),
        )
        for arm in arms
    ]
    return Verdict(better, seeds, tuple(told), error)


def _unclear(values: Mapping[int, float]) -> str:
    """Why a trial can't be compared: a run that failed would count against it, if it could."""
    lacking = [str(seed) for seed, value in sorted(values.items()) if not math.isfinite(value)]
    if lacking:
        return f"no score with seed{'s' * (len(lacking) > 1)} {' '.join(lacking)}"
    return "" if values else NOT_RUN


def _compared(
    rows: Mapping[Arm, Sequence[float]], n_arms: int, error: float, rounding: float
) -> dict[Arm, dict[str, Any]]:
    """What each comparison comes to, of the gains by trial and seed."""
    # Slow to import: what refuses a command line need not wait for it.
    from scipy.special import stdtr, stdtrit

    n = min(map(len, rows.values()), default=0)
    if n < 2:
        told = {"why": ONE_SEED if n else NO_SEED}
        return {arm: {"gain": row[0], **told} if n else told for arm, row in rows.items()}
    # Flags that change nothing give the default's runs again: that says nothing of the others.
    moving = {arm: row for arm, row in rows.items() if max(map(abs, row)) > rounding}
    found = {arm: {"gain": fmean(row), "why": SAME} for arm, row in rows.items()}
    if not moving:
        return found
    variances, freedom = half_pooled([*moving.values()])
    if max(variances) <= rounding**2:
        return found | {arm: found[arm] | {"why": FLAT} for arm in moving}
    half = float(stdtrit(freedom, 1 - error / n_arms))
    chances = {}
    for (arm, row), variance in zip(moving.items(), variances, strict=True):
        gain, off = fmean(row), math.sqrt(variance / n)
        chances[arm] = float(stdtr(freedom, -gain / off))
        found[arm] = {"gain": gain, "low": gain - half * off, "high": gain + half * off}
    for arm, p in _holm(chances, n_arms).items():
        found[arm] |= {"p": p, "is_better": p <= error}
    return found


def _holm(chances: Mapping[Arm, float], n: int) -> dict[Arm, float]:
    """Each chance times the number of those that are no smaller, and never less than one before."""
    adjusted, least = {}, 0.0
    for step, arm in enumerate(sorted(chances, key=chances.__getitem__)):
        least = max(least, min(1.0, (n - step) * chances[arm]))
        adjusted[arm] = least
    return adjusted
