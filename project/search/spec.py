"""What a sweep is from its first trial to its last, as its storage has it, and its goal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from project.cli.fields import flag_name
from project.search.space import Space
from project.search.values import Plain, Rules
from project.words.telling import quoted

# Rules whose flags are called otherwise, or as one of the runs.
_RULES = {"objectives": "--objective", "constraints": "--constraint", "seed": "--seed before --"}


@dataclass(frozen=True)
class Goal:
    """How far a sweep is to go; it may be set further, never back.

    Attributes:
        trials: how many are proposed.
        confirm: with how many new seeds the best and the default flags run again; 0: none do.
        retries: the numbers of further trials, with the failed ones whose flags they have.
    """

    trials: int
    confirm: int = 0
    retries: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Trials, those among them that are tried again too."""
        return self.trials + len(self.retries)

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        retries = {str(number): of for number, of in self.retries.items()}
        return {"trials": self.trials, "confirm": self.confirm, "retries": retries}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Goal":
        """Of what `to_json` gave, as far as the storage has it."""
        retries = {int(number): of for number, of in told.get("retries", {}).items()}
        return cls(told["trials"], told["confirm"], retries)


@dataclass(frozen=True)
class Spec:
    """What all workers of a sweep must agree on.

    Attributes:
        given: the base command line of `project.run`, as the first command had it.
        flags: likewise, with the ids of the runs that it names; what is searched comes after it.
        settings: what it means: all flags' values but those that no result depends on.
        space: what is searched.
        rules: how.
        identity: code, data and packages that the sweep began with.
        starts: flags of the first trials, of past experiments.
    """

    given: tuple[str, ...]
    flags: tuple[str, ...]
    settings: Mapping[str, Any]
    space: Space
    rules: Rules
    identity: Mapping[str, Any] = field(default_factory=dict)
    starts: tuple[Mapping[str, Plain], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "given": list(self.given),
            "flags": list(self.flags),
            "settings": dict(self.settings),
            "space": self.space.to_json(),
            "rules": self.rules.to_json(),
            "identity": dict(self.identity),
            "starts": [dict(values) for values in self.starts],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Spec":
        """Of what `to_json` gave."""
        return cls(
            tuple(told["given"]),
            tuple(told["flags"]),
            told["settings"],
            Space.from_json(told["space"]),
            Rules.from_json(told["rules"]),
            told["identity"],
            tuple(told["starts"]),
        )


def disagreements(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What another command asks for than the sweep has begun with, a line each.

    Args:
        recorded: a spec as JSON.
        here: another one; what identifies code and data is compared elsewhere.
    """
    return [
        *_of_flags(recorded["settings"], here["settings"]),
        *_of_space(recorded["space"], here["space"]),
        *_of_rules(recorded["rules"], here["rules"]),
    ]


def _of_flags(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(recorded.keys() | here.keys()):
        if recorded.get(name) != here.get(name):
            yield _differs(flag_name(name), recorded.get(name), here.get(name))


def _of_space(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    then, now = (_by_name(space) for space in (recorded, here))
    for name in dict.fromkeys([*then, *now]):
        if name not in now:
            yield f"{name} is searched in the sweep, and not here"
        elif name not in then:
            yield f"{name} is searched here, and not in the sweep"
        elif then[name] != now[name]:
            changed = {k for k in then[name] if then[name][k] != now[name].get(k)}
            told = ({k: v for k, v in each[name].items() if k in changed} for each in (then, now))
            yield _differs(f"the range of {name}", *told)
    rest = [{k: v for k, v in s.items() if k != "dimensions"} for s in (recorded, here)]
    for key in sorted(rest[0].keys() | rest[1].keys()):
        if rest[0].get(key) != rest[1].get(key):
            yield _differs(f"{key} of the space", rest[0].get(key), rest[1].get(key))


def _by_name(space: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {dimension["name"]: dimension for dimension in space["dimensions"]}


def _of_rules(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    for name, then in recorded.items():
        if name != "max_epochs" and then != (now := here[name]):  # which is a flag of the runs
            yield _differs(_RULES.get(name) or f"--{name}", _shown(name, then), _shown(name, now))


def _shown(name: str, value: Any) -> Any:
    if name == "objectives":
        return " ".join(each["name"] for each in value)
    if name == "constraints":
        return ", ".join(f"{c['name']} {c['operator']} {c['bound']:g}" for c in value) or "none"
    return value


def _differs(what: str, then: Any, now: Any) -> str:
    return f"{what}: {_plain(then)} in the sweep, {_plain(now)} here"


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(str, value)) or "none"
    return value if isinstance(value, str) and value else quoted(value)
