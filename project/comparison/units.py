"""Columns of a comparison: a run each, or a group of runs that share a value."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.flat import differ, identity
from project.comparison.labels import labels, marked
from project.comparison.loading import KnownRun
from project.comparison.values import code_mark, data_mark, text_of
from project.plugs import flat

# So many different values of a group are listed; of more there is only their number.
_MOST = 5
_HASH = re.compile(r"(?:blake3:)?(?:[0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True)
class Unit:
    """A column: its label, and which runs' values it shows, by their indices."""

    label: str
    members: tuple[int, ...]
    is_group: bool


def units_of(found: Mapping[str, Any]) -> list[Unit]:
    """The groups of a description, then the runs that are in none."""
    index_of = {run["label"]: index for index, run in enumerate(found["runs"])}
    groups = [
        Unit(group["label"], tuple(index_of[label] for label in group["runs"]), True)
        for group in found["groups"]
    ]
    taken = {index for group in groups for index in group.members}
    single = [Unit(name, (i,), False) for name, i in index_of.items() if i not in taken]
    return groups + single


def cell(values: Sequence[Any], unit: Unit) -> str:
    """The value that a unit's runs share, or all the different ones."""
    own = [values[index] for index in unit.members]
    texts = [exact_text(value) for value in own]
    if not differ(own):
        return texts[0]
    different = list(dict.fromkeys(texts))
    n = len({identity(value) for value in own})
    return ", ".join(different) if n <= _MOST else f"{n} values"


def group_of(found: Mapping[str, Any], unit: Unit) -> Mapping[str, Any]:
    """The group of seeds that a unit is."""
    return next(group for group in found["groups"] if group["label"] == unit.label)


def names_of(
    found: Mapping[str, Any],
    runs: Sequence[KnownRun],
    units: Sequence[Unit],
    skipped: str | None = None,
) -> list[str]:
    """What tells each unit from the others, without the flag that is skipped."""
    called: dict[int, str] = {}
    # Flags of other programs tell nothing of ours, and the other way round.
    for foreign in (False, True):
        places = [
            i for i, u in enumerate(units) if found["runs"][u.members[0]]["foreign"] == foreign
        ]
        own = _names([units[i] for i in places], found, runs, skipped) if places else []
        called |= dict(zip(places, own, strict=True))
    return [called[i] for i in range(len(units))]


def _names(
    units: Sequence[Unit], found: Mapping[str, Any], runs: Sequence[KnownRun], skipped: str | None
) -> list[str]:
    known = [flags_of(unit, found, runs) for unit in units]
    flags = [{name: text for name, text in own.items() if name != skipped} for own in known]
    firsts = [found["runs"][unit.members[0]] for unit in units]
    names = [
        f"{len(unit.members)} seeds" if unit.is_group else first["run_id"]
        for unit, first in zip(units, firsts, strict=True)
    ]
    told = labels(flags, list(map(code_mark, firsts)), list(map(data_mark, firsts)), names)
    again = [
        None if u.is_group else run["reproduces"] for u, run in zip(units, firsts, strict=True)
    ]
    return [
        marked(_given(label, name, names) if first["foreign"] else label, original)
        for label, name, first, original in zip(told, names, firsts, again, strict=True)
    ]


def _given(label: str, name: str, names: Sequence[str]) -> str:
    """The name that a person gave a run of another program, and more where several have it."""
    if names.count(name) == 1 or label == name:
        return name
    return f"{name}, {label.removesuffix(f', {name}')}"


def flags_of(unit: Unit, found: Mapping[str, Any], runs: Sequence[KnownRun]) -> dict[str, str]:
    """A unit's flags as texts, without those that its runs lack, being of an older version."""
    # In the rows these look like flags without a value.
    own = flat(runs[unit.members[0]].record["flags"])
    rows = found["sections"]["flags"]
    return {row["name"]: cell(row["values"], unit) for row in rows if row["name"] in own}


def telling(
    found: Mapping[str, Any], units: Sequence[Unit], skipped: Collection[str] = NEUTRAL_FLAGS
) -> list[Mapping[str, Any]]:
    """The rows of flags, but for those skipped, in which the units differ."""
    flags = [row for row in found["sections"]["flags"] if row["name"] not in skipped]
    return [row for row in flags if len({cell(row["values"], unit) for unit in units}) > 1]


def exact_text(value: Any) -> str:
    """A value of which every digit counts, but for a hash, whose beginning tells it."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(exact_text, value)) or "-"
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value.removeprefix("blake3:")[:12]
    if isinstance(value, float):
        return f"{value:.15g}" if float(f"{value:.15g}") == value else repr(value)
    return text_of(value)


def result_texts(row: Mapping[str, Any]) -> list[str]:
    """A result of each run, with as many digits as tell those apart that differ."""
    texts = [exact_text(v) if isinstance(v, str) else text_of(v) for v in row["values"]]
    if row["differs"] and len(set(texts)) == 1:
        return list(map(repr, row["values"]))
    return texts


def delta_text(delta: float | None) -> str:
    """A difference with its sign."""
    if delta is None:
        return "-"
    if isinstance(delta, int):
        return f"{delta:+d}" if delta else "0"
    return f"{delta:+.4g}".replace("+nan", "nan") if delta else "0"
