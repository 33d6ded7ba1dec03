"""What parallel coordinates can run through: the flags that differ, and the scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.units import Unit, cell, exact_text, telling
from project.comparison.values import is_number, is_of_class


def dimensions(found: Mapping[str, Any], units: Sequence[Unit]) -> list[dict[str, Any]]:
    """Flags, then scores that are not of one class, in the order of the description.

    Args:
        found: Of `describe`.
        units: Its groups, and the runs that are in none; empty if there are no groups.
    Returns:
        Of each its `name`, `kind` (flag or score), and the values of `each` run and of each of
        `grouped` units: numbers, texts, or None where there is none. Of a group a score's mean,
        and of a flag in which its runs differ all values.
    """
    each = [Unit(run["label"], (i,), False) for i, run in enumerate(found["runs"])]
    flags = [
        {
            "name": row["name"],
            "kind": "flag",
            "each": [_plain(value) for value in row["values"]],
            "grouped": [_shared(row["values"], unit) for unit in units],
        }
        for row in telling(found, each, NEUTRAL_FLAGS)
    ]
    return flags + [_score(name, found, units) for name in _scores(found)]


def _scores(found: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys(name for run in found["runs"] for name in run["scores"])
    return [name for name in names if not is_of_class(name)]


def _score(name: str, found: Mapping[str, Any], units: Sequence[Unit]) -> dict[str, Any]:
    each = [run["scores"].get(name) for run in found["runs"]]
    means = {group["label"]: group["scores"].get(name) for group in found["groups"]}
    grouped = [
        (means[unit.label] or {}).get("mean") if unit.is_group else each[unit.members[0]]
        for unit in units
    ]
    return {"name": name, "kind": "score", "each": each, "grouped": grouped}


def _shared(values: Sequence[Any], unit: Unit) -> Any:
    own = {exact_text(values[index]) for index in unit.members}
    return _plain(values[unit.members[0]]) if len(own) == 1 else cell(values, unit)


def _plain(value: Any) -> Any:
    return value if value is None or is_number(value) else exact_text(value)
