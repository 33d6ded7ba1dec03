"""Whether two runs gave the same: bit for bit, within a tolerance, or not, and where first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from project.reproduction.expected import Recorded

Points = Mapping[tuple[str, int], tuple[int, float]]


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison.

    Attributes:
        word: REPRODUCED, REPRODUCED WITHIN or DIFFERS.
        largest: the largest relative difference of a value; infinite where one is missing.
        tolerance: up to which a difference counts as none.
        n_values: how many logged values were to come out again.
        missing: how many of them were not logged again.
        weights: whether the final weights are the same; None if they were not compared.
        first: the first value that differs, as {"epoch", "step", "metric", "then", "now"}.
        explanations: recorded differences, a line each: what may explain another result, or what
            made none.
    """

    word: str
    largest: float
    tolerance: float
    n_values: int
    missing: int
    weights: bool | None
    first: dict[str, object] | None = None
    explanations: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The verdict for people."""
        values = f"{self.n_values:,} values"
        if self.word == "REPRODUCED":
            weights = ", and the weights" if self.weights else ""
            return f"REPRODUCED bit for bit: {values}{weights}{self._despite}"
        if self.word == "REPRODUCED WITHIN":
            return (
                f"REPRODUCED WITHIN {self.largest:.2g} (largest relative difference of {values};"
                f" tolerance {self.tolerance:g})"
            )
        if self.first is None:
            return f"DIFFERS in the weights alone: all {values} are the same"
        first = self.first
        missing = f"; {self.missing:,} of {values} were not logged again" * (self.missing > 0)
        return (
            f"DIFFERS first in epoch {first['epoch']}, step {first['step']}, {first['metric']}:"
            f" {first['then']} -> {first['now']} (largest relative difference {self.largest:.2g})"
            f"{missing}"
        )

    @property
    def _despite(self) -> str:
        n = len(self.explanations)
        return f", although {n} thing{'s' * (n != 1)} differ{'s' * (n == 1)}" if n else ""


def judge(
    then: Recorded, now: Recorded, tolerance: float, epochs: int | None, explanations: list[str]
) -> Verdict:
    """Compare every value that both runs should have logged, and their final weights.

    Args:
        then: the run to reproduce.
        now: the reproduction.
        tolerance: relative, for values that are not the same bit for bit.
        epochs: how many epochs to compare, without the weights; None: all, and the test.
        explanations: what is known to differ around the runs.
    """
    expected, actual = then.points, now.points
    if epochs is not None:
        actual = {key: point for key, point in actual.items() if _is_within(key, point, epochs)}
        expected = _beginning(expected, actual, epochs)
    weights = None
    if then.status != "finished":
        # It was stopped somewhere; what it would have logged after that nobody knows.
        actual = {key: point for key, point in actual.items() if key in expected}
    elif epochs is None and then.weights:
        weights = then.weights == now.weights
    missing = len(expected.keys() - actual.keys())
    largest, first = _difference(expected, actual)
    if largest == 0 and weights is not False:
        word = "REPRODUCED"
    elif 0 < largest <= tolerance:
        word = "REPRODUCED WITHIN"
    else:
        word = "DIFFERS"
    return Verdict(word, largest, tolerance, len(expected), missing, weights, first, explanations)


def _beginning(then: Points, now: Points, epochs: int) -> Points:
    """What the run logged in its first epochs.

    Args:
        then: all that it logged; if it was fetched from MLflow, without epochs.
        now: what the reproduction logged in these epochs, which then tells their last step.
        epochs: how many.
    """
    last = max((step for _, step in now), default=math.inf)
    return {
        key: point
        for key, point in then.items()
        if _is_within(key, point, epochs) and (point[0] >= 0 or key[1] <= last)
    }


def _is_within(key: tuple[str, int], point: tuple[int, float], epochs: int) -> bool:
    """Whether a value belongs to the first epochs; a test stands after the last."""
    return point[0] < epochs and not key[0].startswith("test_")


def _difference(then: Points, now: Points) -> tuple[float, dict[str, object] | None]:
    """The largest relative difference, and the first value that differs."""
    largest, first = 0.0, None
    for name, step in dict.fromkeys([*then, *now]):
        epoch, _ = now.get((name, step)) or then[name, step]
        before = then[name, step][1] if (name, step) in then else None
        after = now[name, step][1] if (name, step) in now else None
        difference = relative_difference(before, after)
        if difference and first is None:
            first = {"epoch": epoch + 1, "step": step, "metric": name, "then": before, "now": after}
        largest = max(largest, difference)
    return largest, first


def relative_difference(before: float | None, after: float | None) -> float:
    """|a - b| / max(|a|, |b|); 0 for the same value, NaN included; infinite if one is missing."""
    if before is None or after is None:
        return math.inf
    if before == after or math.isnan(before) and math.isnan(after):
        return 0.0
    if not (math.isfinite(before) and math.isfinite(after)):
        return math.inf
    return abs(before - after) / max(abs(before), abs(after))
