"""A space: flags that are searched, when each counts, and what is excluded."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from project.cli.fields import flag_name
from project.hyperparameters import BY_NAME
from project.search.ranges.dimension import Dimension
from project.search.values import Plain

if TYPE_CHECKING:
    from project.comparison.where import Condition

Values = Mapping[str, Plain]


@dataclass(frozen=True)
class Space:
    """What a trial's flags can be.

    Attributes:
        dimensions: the flags; what a condition speaks of stands before what it is for.
        excludes: conditions, in the language of `compare --where`; where one holds, the combination
            is never tried.
    """

    dimensions: tuple[Dimension, ...]
    excludes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, of which `from_json` makes an equal space."""
        return {
            "dimensions": [each.to_json() for each in self.dimensions],
            "excludes": list(self.excludes),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Space":
        """What `to_json` gave."""
        dimensions = tuple(map(Dimension.from_json, values["dimensions"]))
        return cls(dimensions, tuple(values["excludes"]))

    def active(self, values: Values) -> tuple[str, ...]:
        """The flags that count where these values are chosen, in order."""
        return tuple(self.completed(lambda dimension: values.get(dimension.name)))

    def completed(self, choose: Callable[[Dimension], Plain]) -> dict[str, Plain]:
        """The values of all flags that count, each chosen after those before it."""
        found: dict[str, Plain] = {}
        for dimension in self.dimensions:
            condition = self._conditions.get(dimension.name)
            if condition is None or condition(found):
                found[dimension.name] = choose(dimension)
        return found

    def allows(self, values: Values) -> bool:
        """Whether a combination may be tried."""
        return not any(excluded(values) for excluded in self._excluding)

    def argv(self, values: Values) -> list[str]:
        """The words that give a trial's values to `project.run`; floats with all their digits."""
        found: list[str] = []
        for dimension in self.dimensions:
            if dimension.name in values:
                found += _words(dimension, values[dimension.name])
        return found

    def lines(self) -> Iterator[str]:
        """The space in words, a line for each flag and exclusion."""
        from project.search.ranges.saying import line  # which only a person needs

        width = max(len(each.name) for each in self.dimensions)
        for each in self.dimensions:
            yield f"{each.name:<{width}}  {line(each)}"
        for each in self.excludes:
            yield f"{'excluded':<{width}}  {each}"

    @cached_property
    def _conditions(self) -> dict[str, "Condition"]:
        conditions = {each.name: each.when for each in self.dimensions if each.when is not None}
        return {name: self._parsed(text) for name, text in conditions.items()}

    @cached_property
    def _excluding(self) -> list["Condition"]:
        return [self._parsed(text) for text in self.excludes]

    def _parsed(self, text: str) -> "Condition":
        from project.comparison.where import parse  # 80 ms that spaces without conditions save

        return parse(text, [each.name for each in self.dimensions])


def _words(dimension: Dimension, value: Plain) -> list[str]:
    flag = flag_name(dimension.name)
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    if dimension.words:
        words = str(value).split() or _nothing(dimension.name)
        return [flag, *words] if words else []
    text = "none" if value is None else repr(value) if isinstance(value, float) else str(value)
    # What begins like a flag is taken for one where it stands alone.
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]


def _nothing(name: str) -> list[str]:
    """The word by which a flag of several values takes back what the flags of all trials say."""
    f = BY_NAME.get(name)
    return [f.metadata["clears"]] if f is not None and "clears" in f.metadata else []
