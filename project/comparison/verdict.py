"""Whether one setting is shown to be better than another: intervals over their seeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from project.comparison.spread import CONFIDENCE, paired, unpaired
from project.scores import MAX, MIN

PAIRED, WELCH = "paired", "welch"
# Of the values: less than that is what float32 rounds off, of which scores are often made.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Setting:
    """Runs that differ only in the seed: what they are called, and a score of each by seed."""

    label: str
    values: Mapping[int, float]


@dataclass(frozen=True)
class Verdict:
    """What two settings' values of a score tell.

    Attributes:
        first: the setting that the second is compared with.
        second: the other.
        way: which values are better: `min`, `max`, or None for neither.
        kind: of the interval: `paired` over the seeds in common, or `welch`; None without one.
        seeds: in common.
        mean: the second less the first; None where either has no value.
        low, high: the ends of the mean's interval; None without one.
        confidence: of the interval.
        is_flat: whether the differences, or the values of both settings, vary by rounding alone.
    """

    first: Setting
    second: Setting
    way: str | None
    kind: str | None
    seeds: tuple[int, ...]
    mean: float | None
    low: float | None
    high: float | None
    confidence: float
    is_flat: bool

    @property
    def is_shown(self) -> bool:
        """Whether there is a difference.

        Of differences that are all the same there is none to judge by: a score of few samples
        has steps, and two seeds often give the same one.
        """
        return self.low is not None and not self.is_flat and (self.low > 0 or self.high < 0)

    @property
    def is_apart(self) -> bool:
        """Whether the means differ by more than rounding."""
        return bool(self.mean) and abs(self.mean) > _rounded_off(self.first, self.second)

    @property
    def leader(self) -> Setting:
        """Who is better on average; where neither way is better, who has more."""
        ahead = (self.mean or 0) * (-1 if self.way == MIN else 1)
        return self.second if ahead > 0 else self.first

    @property
    def better(self) -> str | None:
        """The label of the setting that is shown to be better; None where neither is."""
        return self.leader.label if self.is_shown and self.way in (MIN, MAX) else None


def verdict(
    first: Setting, second: Setting, way: str | None, confidence: float = CONFIDENCE
) -> Verdict:
    """Compare two settings by one score.

    Two seeds or more in common are compared in pairs, unless they are less than half of those of
    the setting that has fewer; otherwise all values are, by Welch's interval. Of two settings that
    are equal, one is called better in at most `1 - confidence` of all cases.
    """
    shared = tuple(sorted(first.values.keys() & second.values.keys()))
    fewest = min(len(first.values), len(second.values))
    kind = None if fewest < 2 else WELCH
    if kind and len(shared) > 1 and 2 * len(shared) >= fewest:
        kind = PAIRED
        found = paired(first.values, second.values, confidence)
    elif fewest:
        found = unpaired([*first.values.values()], [*second.values.values()], confidence)
    else:
        found = {}
    ends = [found.get(name) for name in ("mean", "low", "high")]
    return Verdict(
        first, second, way, kind, shared, *ends, confidence, _is_flat(first, second, kind, shared)
    )


def _is_flat(first: Setting, second: Setting, kind: str | None, shared: tuple[int, ...]) -> bool:
    one, two = first.values, second.values
    if kind is None or not all(map(math.isfinite, (*one.values(), *two.values()))):
        return False
    varying = [[*one.values()], [*two.values()]]
    if kind == PAIRED:
        varying = [[two[seed] - one[seed] for seed in shared]]
    most = _rounded_off(first, second)
    return all(max(values) - min(values) <= most for values in varying)


def _rounded_off(first: Setting, second: Setting) -> float:
    return _ROUNDING * max(map(abs, (*first.values.values(), *second.values.values())))
