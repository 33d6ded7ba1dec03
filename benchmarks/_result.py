"""What a benchmark found, and whether that meets its goals."""

from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from benchmarks._turns import lines, ratios


@dataclass(frozen=True)
class Goal:
    """A bound on the ratio of one case to another; without a bound it is only to be reported.

    Attributes:
        case: what is measured.
        reference: what it is divided by.
        at_least: smallest ratio that is good enough.
        below: the ratio must be smaller.
    """

    case: str
    reference: str
    at_least: float | None = None
    below: float | None = None

    def __str__(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"under {self.below:g}" if self.below is not None else ""

    def is_met(self, ratio: float) -> bool | None:
        """Whether the ratio is good enough; None where nothing is asked."""
        if self.at_least is not None:
            return ratio >= self.at_least
        return ratio < self.below if self.below is not None else None


@dataclass(frozen=True)
class Result:
    """Cases that were measured in turns.

    Attributes:
        title: what was measured.
        unit: of the values.
        values: by case, one for each turn.
        goals: what the ratios are held against.
        note: what a reader of the table has to know besides.
    """

    title: str
    unit: str
    values: dict[str, list[float]]
    goals: tuple[Goal, ...] = ()
    note: str = ""

    def ratios(self, goal: Goal) -> list[float]:
        """Turn by turn, the ratio that a goal bounds."""
        return ratios(self.values[goal.case], self.values[goal.reference])

    def __str__(self) -> str:
        said = [f"{self.title} [{self.unit}]", *lines(self.values)]
        for goal in self.goals:
            ratio = median(self.ratios(goal))
            verdict = {True: ": met", False: ": NOT met", None: ""}[goal.is_met(ratio)]
            bound = f", {goal}" if str(goal) else ""
            said.append(f"  {goal.case} / {goal.reference} = {ratio:.3g}{bound}{verdict}")
        return "\n".join([*said, f"  {self.note}"] if self.note else said)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Result":
        """What `to_json` was made of."""
        names = [field.name for field in fields(Goal)]
        goals = tuple(Goal(**{name: goal[name] for name in names}) for goal in values["goals"])
        return cls(**values | {"goals": goals})

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values, with each goal's median ratio and whether it is met."""
        goals = []
        for goal in self.goals:
            ratio = median(self.ratios(goal))
            goals.append(asdict(goal) | {"ratio": ratio, "met": goal.is_met(ratio)})
        return asdict(self) | {"goals": goals}
