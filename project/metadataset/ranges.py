"""What each hyperparameter of a run can be, as its field says it: the axes of a space."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from project import plugs
from project.cli.fields import Field, choices_of, is_tuple, kind_of, recorded, spelled
from project.cli.roles import BEGINNINGS, FREE_ON_RESUME, NEUTRAL_FLAGS
from project.hyperparameters import ALL_NAMES, FLAGS
from project.metadataset.facts import BUILT_OF

if TYPE_CHECKING:
    from project.search.ranges.dimension import Dimension

NUMBER, CHOICE, SEVERAL, TEXT = "number", "choice", "several", "text"
# What no result depends on, or says where it began and not how it learns.
_NEVER = NEUTRAL_FLAGS | FREE_ON_RESUME | BEGINNINGS | {"seed", "nodes", "devices", "accelerator"}
# A bound beyond this one is there for mistakes, and no end of a range.
_FAR = 1e4
_INTERVAL = re.compile(r"(log )? *\[([^,\]]+),([^,\]]+)\]")


@dataclass(frozen=True)
class Axis:
    """One hyperparameter of a space.

    Attributes:
        name: of the flag, in files.
        kind: number, choice, several (of some choices at once) or text (of any kind).
        low: of a number: its least, at 0; `high`: its greatest, at 1; None: there is none, and
            `half` is at 0.5.
        log: whether equal factors count alike.
        half: see `high`.
        choices: of a choice, or of several.
        place: in place of `low` to `half`, where a number stands between 0 and 1.
    """

    name: str
    kind: str
    low: float = 0.0
    high: float | None = None
    log: bool = False
    half: float = 1.0
    choices: tuple[Any, ...] = ()
    place: Callable[[Any], float] | None = None

    def position(self, value: float) -> float:
        """Where a number stands, from 0 to 1; beyond an end it is at it."""
        if self.place is not None:
            return self.place(value)
        above = max(value - self.low, 0.0)
        if self.high is None:
            return 1.0 if math.isinf(above) else above / (above + self.half)
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            found = (math.log(value) - low) / (high - low) if value > 0 else 0.0
        else:
            found = above / (self.high - self.low)
        return min(max(found, 0.0), 1.0)

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        if self.kind != NUMBER:
            return {"kind": self.kind} | ({"choices": list(self.choices)} if self.choices else {})
        ends = {"low": self.low, "high": self.high, "log": self.log}
        return {"kind": NUMBER} | ends | ({"half": self.half} if self.high is None else {})


def axes_of(space: Mapping[str, Any]) -> tuple[Axis, ...]:
    """The axes of what a run was built of: the flags of every run, and those of its plugs' own.

    Args:
        space: a row of `hyperparameter_space`. Of a plug that is not here, or of a file, nobody
            knows the ranges: what it was told counts as text.
    """
    known = _own(
        tuple((kind, text) for kind in BUILT_OF for text in str(space.get(kind, "")).split())
    )
    names = [name for name in space.get("own", ()) if name not in known]
    unknown = [Axis(name, TEXT) for name in names]
    own = [known[name] for name in space.get("own", ()) if name in known]
    return (*_shared(), *own, *unknown)


def ranges(space: Mapping[str, Any]) -> dict[str, Any]:
    """The axes of a space, by name, as plain values."""
    return {axis.name: axis.describe() for axis in axes_of(space)}


def axes_of_search(dimensions: Iterable["Dimension"]) -> tuple[Axis, ...]:
    """The axes of a sweep's space."""
    return tuple(
        (
            Axis(each.name, CHOICE, choices=each.choices)
            if each.kind == CHOICE
            else Axis(each.name, NUMBER, each.low, each.high, each.log, place=each.position)
        )
        for each in dimensions
    )


def with_defaults(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting with all flags of today: former versions, which lacked some, did as defaults do."""
    return _defaults() | setting


@cache
def _defaults() -> dict[str, Any]:
    return {spelled(f.name): recorded(f, f.default) for f in FLAGS if spelled(f.name) not in _NEVER}


@cache
def _shared() -> tuple[Axis, ...]:
    return tuple(axis_of(f) for f in FLAGS if spelled(f.name) not in _NEVER)


@cache
def _own(chosen: Sequence[tuple[str, str]]) -> Mapping[str, Axis]:
    """The axes of these plugs' own flags, by name."""
    having = plugs.with_settings(chosen)
    if not having:
        return MappingProxyType({})
    from project.cli.settings import settings_of  # 40 ms that most need not pay

    found, _ = settings_of(having, ALL_NAMES)
    return {name: axis_of(setting.field) for name, setting in found.items()}


def axis_of(f: Field) -> Axis:
    """The axis of a field: its `sweep` range, else its bounds; without an end, half at its default.

    Choices of numbers, such as (32, 64, 128), are a range with these ends: more can be given.
    """
    name, kind, choices = spelled(f.name), kind_of(f), choices_of(f)
    if is_tuple(f):
        return Axis(name, SEVERAL if choices else TEXT, choices=tuple(choices or ()))
    if choices or kind is bool:
        return Axis(name, CHOICE, choices=tuple(choices or (False, True)))
    if kind not in (int, float):
        return Axis(name, TEXT)
    low, high, log = _range(f)
    if high is not None:
        return Axis(name, NUMBER, low, high, log)
    default = f.default - low if isinstance(f.default, (int, float)) else 0.0
    return Axis(name, NUMBER, low, None, half=float(default) if default > 0 else 1.0)


def _range(f: Field) -> tuple[float, float | None, bool]:
    sweep = f.metadata.get("sweep")
    if isinstance(sweep, tuple):
        low, high = float(min(sweep)), float(max(sweep))
        return low, high, low > 0 and high >= 4 * low
    if sweep and (match := _INTERVAL.fullmatch(sweep.strip())):
        return float(match[2]), float(match[3]), bool(match[1])
    bounds = f.metadata.get("bounds", "[0, inf)")
    low, high = (float(end) for end in bounds[1:-1].split(","))
    return (low, high, False) if high < _FAR else (max(low, 0.0), None, False)
