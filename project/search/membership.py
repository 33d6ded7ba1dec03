"""Whose trial a run is: what its sweep tells the process that carries it out.

Standard library only: each run asks, before PyTorch is loaded, whether it is one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from project.search.values import MEASURES, TRIAL, Plain, Rules, Trial


@dataclass(frozen=True)
class Membership:
    """A run's place in a sweep, and what its pruner needs to know.

    Attributes:
        sweep: name of the sweep, `--exp-name`.
        id: by which its storage knows it.
        kind: trial, confirm or test.
        number: of its kind, from 0 on.
        rules: of the sweep.
        values: of the flags searched, by name; only a pruner asks.
        history: the trials that this one may know of: 0 to number - window.
        arm: what a confirmation is of.
    """

    sweep: str
    id: str
    kind: str
    number: int
    rules: Rules
    values: Mapping[str, Plain] = field(default_factory=dict)
    history: tuple[Trial, ...] = ()
    arm: str | None = None

    @property
    def may_be_pruned(self) -> bool:
        """Whether somebody looks at it after each epoch."""
        return self.kind == TRIAL and self.rules.pruner != "none"

    @property
    def scores(self) -> list[str]:
        """The validation scores that the sweep asks for, by name."""
        asked = (*self.rules.objectives, *self.rules.constraints)
        return [each.name for each in asked if each.name not in MEASURES]

    def describe(self) -> dict[str, Any]:
        """What the run's record says of it."""
        told = {"name": self.sweep, "id": self.id, "kind": self.kind, "number": self.number}
        return told | ({} if self.arm is None else {"arm": self.arm})

    def to_json(self) -> dict[str, Any]:
        """As JSON has it; thousands of former trials are left out where no pruner asks for them."""
        return asdict(self if self.may_be_pruned else replace(self, history=()))

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Membership":
        """Of what `to_json` gave, and JSON has made of it."""
        history = tuple(_trial(each) for each in told["history"])
        return cls(**{**told, "rules": Rules.from_json(told["rules"]), "history": history})


def _trial(told: Mapping[str, Any]) -> Trial:
    """One trial, whose epochs JSON has made texts of, and whose scores a list."""
    epochs = {int(epoch): value for epoch, value in told["intermediate"].items()}
    return Trial(**{**told, "scores": tuple(told["scores"]), "intermediate": epochs})


_own: list[Membership] = []


def take(membership: Membership) -> None:
    """Let what this process runs be that job of that sweep."""
    _own[:] = [membership]


def own() -> Membership | None:
    """Whose trial the run of this process is; None: no sweep's."""
    return _own[0] if _own else None
