"""One flag that is searched: what it can be, and which value stands where between 0 and 1."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from functools import cached_property
from statistics import NormalDist
from typing import Any

from project.search.values import Plain

CHOICE, INT, FLOAT = "choice", "int", "float"
# Of a range without steps, so many values are a grid's.
POINTS = 5
# What is drawn has so many digits.
_DIGITS = 6
# So many spreads from the mean lies no value that is ever drawn.
FARTHEST = 6.0


@dataclass(frozen=True)
class Dimension:
    """A flag and its range.

    Attributes:
        name: of the flag, as files have it: `learning_rate`.
        kind: choice, int or float.
        choices: of a choice.
        low: the least value of a number; `high`: the greatest.
        log: whether equal factors count alike, not equal differences.
        step: values are `low`, `low + step`, ...; on a logarithmic scale or around a mean, the
            multiples of it nearest to what is drawn, as NNI has them.
        when: a condition on other flags that are searched; where it does not hold, this is absent.
        mean: of a normal distribution, cut off at `low` and `high`; with `log`, of the logarithm.
        spread: its standard deviation.
        words: whether a choice is cut at blanks into values of its flag, `flip crop`.
    """

    name: str
    kind: str
    choices: tuple[Plain, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    when: str | None = None
    mean: float | None = None
    spread: float | None = None
    words: bool = False

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON has it."""
        usual = {f.name: f.default for f in fields(self)}
        found = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return found | ({"choices": list(self.choices)} if self.choices else {})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Dimension":
        """What `to_json` gave."""
        return cls(**{**values, "choices": tuple(values.get("choices", ()))})

    @property
    def is_plain(self) -> bool:
        """Whether Optuna has such a range itself: it knows no normal one, and no logarithmic steps.

        Of others it is given positions between 0 and 1.
        """
        return self.spread is None and not (self.log and self.step is not None)

    def at(self, position: float) -> Plain:
        """The value at a place: uniform positions between 0 and 1 give values as they should be."""
        if self.kind == CHOICE:
            return self.choices[self._index(position, len(self.choices))]
        if self.spread is not None:
            return self._snapped(self._normal(position))
        if self.log:
            low, high = self._log_ends
            return self._snapped(math.exp(low + position * (high - low)))
        if self.step is not None or self.kind == INT:
            return self._nth(self._index(position, self._count))
        return self._rounded(self.low + position * (self.high - self.low))

    def position(self, value: Plain) -> float:
        """Where a value stands between 0 and 1; that of equal parts is their middle."""
        if self.kind == CHOICE:
            return (self.choices.index(value) + 0.5) / len(self.choices)
        if self.spread is not None:
            low, high = self._tails
            drawn = NormalDist(self.mean, self.spread).cdf(math.log(value) if self.log else value)
            found = (drawn - low) / (high - low) if high > low else 0.5
        elif self.log:
            low, high = self._log_ends
            found = (math.log(value) - low) / (high - low) if high > low else 0.5
        elif self.step is not None or self.kind == INT:
            found = (round((value - self.low) / (self.step or 1)) + 0.5) / self._count
        else:
            found = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return min(max(found, 0.0), 1.0)

    def snapped(self, value: Plain) -> Plain:
        """The value of this range that is nearest to what a sampler gave."""
        if self.kind == CHOICE or not self.is_plain:
            return value
        if self.step is not None or self.kind == INT:
            index = round((value - self.low) / (self.step or 1))
            return self._nth(min(max(index, 0), self._count - 1))
        return self._rounded(value)

    def points(self) -> tuple[Plain, ...]:
        """Its values in a grid: all there are, or some evenly spaced ones of a range without steps.

        Of whole numbers, all if they are few.
        """
        if self.kind == CHOICE:
            return self.choices
        is_linear = not self.log and self.spread is None
        if is_linear and (self.step is not None or self.kind == INT and self._count <= POINTS):
            return tuple(self._nth(i) for i in range(self._count))
        # The middles of equal parts of a normal distribution, which has no ends.
        shift, parts = (0.5, POINTS) if self.spread is not None else (0.0, POINTS - 1)
        found = (self.at((i + shift) / parts) for i in range(POINTS))
        return tuple(dict.fromkeys(found))

    def has(self, value: Plain) -> bool:
        """Whether a value is in its range; steps are not looked at."""
        if self.kind == CHOICE:
            # 1 and True are equal, but not the same flag.
            return any(type(value) is type(c) and value == c for c in self.choices)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high

    @property
    def count(self) -> float:
        """How many values there are; infinite without steps."""
        if self.kind == CHOICE:
            return len(self.choices)
        is_endless = self.kind == FLOAT and self.step is None and self.low < self.high
        return math.inf if is_endless else self._count

    @cached_property
    def _count(self) -> int:
        step = Decimal(str(self.step or 1))
        return int((Decimal(str(self.high)) - Decimal(str(self.low))) // step) + 1

    def _nth(self, index: int) -> Plain:
        # In decimal: 0.1 + 2 * 0.1 is 0.3.
        value = Decimal(str(self.low)) + index * Decimal(str(self.step or 1))
        return int(value) if self.kind == INT else float(value)

    @cached_property
    def _log_ends(self) -> tuple[float, float]:
        # Whole numbers each have the space of what is rounded to them.
        half = 0.5 if self.kind == INT else 0.0
        return math.log(self.low - half), math.log(self.high + half)

    @cached_property
    def _tails(self) -> tuple[float, float]:
        normal = NormalDist(self.mean, self.spread)
        low, high = (math.log(end) if self.log else end for end in (self.low, self.high))
        return normal.cdf(low), normal.cdf(high)

    def _normal(self, position: float) -> float:
        low, high = self._tails
        # Neither 0 nor 1 has a quantile.
        share = min(max(low + position * (high - low), 1e-15), 1 - 1e-15)
        found = NormalDist(self.mean, self.spread).inv_cdf(share)
        return math.exp(found) if self.log else found

    def _snapped(self, value: float) -> Plain:
        if self.step is not None or self.kind == INT:
            step = Decimal(str(self.step or 1))
            value = float(round(Decimal(str(value)) / step) * step)
            value = min(max(value, self.low), self.high)
            return round(value) if self.kind == INT else float(value)
        return self._rounded(value)

    def _rounded(self, value: float) -> float:
        """To six digits: people read them, and machines that round otherwise agree."""
        if self.log:
            value = float(f"{value:.{_DIGITS}g}")
        elif size := self.spread or self.high - self.low:
            value = round(value, _DIGITS - 1 - math.floor(math.log10(size)))
        return float(min(max(value, self.low), self.high))

    @staticmethod
    def _index(position: float, count: int) -> int:
        return min(int(position * count), count - 1)
