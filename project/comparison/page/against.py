"""How settings compare, with each of them as the baseline: verdicts, intervals of differences."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.groups import pairs
from project.comparison.judging import difference, verdict_lines, verdicts
from project.comparison.loading import KnownRun
from project.comparison.units import Unit, units_of

# Of each score shown first, so many pairs of settings have their intervals in the page; where there
# are more, those with the first setting and with the best one.
MOST_PAIRS = 400


def against(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By the label of each setting that can be the baseline: what is said of the others.

    Args:
        found: Of `describe`.
    Returns:
        `verdicts`, sentences; and `differences`, by setting and score `mean`, `low` and `high` of
        its difference from the baseline, and whether it is `shown`: by the interval of the one
        primary score that holds together with all others, else by its own. Settings of one run
        have none: their differences follow from their values.
    """
    units = units_of(found)
    if len(units) < 2:
        return {}
    return {base.label: _against(found, base, units) for base in _bases(found, units)}


def all_pairs(found: Mapping[str, Any], runs: Sequence[KnownRun]) -> list[dict[str, Any]]:
    """The paired differences of groups of seeds, from each that can be the baseline; see `pairs`.

    Args:
        found: Of `describe`, of `runs`.
        runs: In the same order.
    """
    groups = found["groups"]
    if len(groups) < 2:
        return []
    bases = {unit.label for unit in _bases(found, units_of(found))}
    known = dict(zip((run["label"] for run in found["runs"]), runs, strict=True))
    others = [i for i, group in enumerate(groups) if i and group["label"] in bases]
    return [*found["pairs"], *(pair for i in others for pair in pairs(groups, known, i))]


def _bases(found: Mapping[str, Any], units: Sequence[Unit]) -> list[Unit]:
    groups = [unit for unit in units if unit.is_group]
    if len(groups) ** 2 <= MOST_PAIRS and len(units) ** 2 <= MOST_PAIRS:
        return list(units)
    return [unit for unit in units if unit.label in {units[0].label, _best(found, units)}]


def _best(found: Mapping[str, Any], units: Sequence[Unit]) -> str | None:
    """The label of the setting with the best mean of the primary score."""
    name = found["primary"]
    if name is None:
        return None
    groups = {group["label"]: group["scores"].get(name) for group in found["groups"]}
    values = {}
    for unit in units:
        own = groups.get(unit.label) or {}
        single = found["runs"][unit.members[0]]["scores"].get(name)
        value = own.get("mean") if unit.is_group else single
        if value is not None and value == value:
            values[unit.label] = value
    best = min if found["better"][name] == "min" else max
    return best(values, key=lambda label: values[label], default=None)


def _against(found: Mapping[str, Any], base: Unit, units: Sequence[Unit]) -> dict[str, Any]:
    judged = verdicts(found, base)
    told = {
        other.label: _differences(found, base, other)
        for other in units
        if other.label != base.label and (base.is_group or other.is_group)
    }
    for verdict in judged:
        if verdict["low"] is not None and verdict["to"] in told:
            fields = {name: verdict[name] for name in ("mean", "low", "high")}
            fields["shown"] = verdict["better"] is not None
            told[verdict["to"]][str(found["primary"])] = fields
    lines = verdict_lines({**found, "verdicts": judged})
    return {"verdicts": lines, "differences": {k: v for k, v in told.items() if v}}


def _differences(found: Mapping[str, Any], base: Unit, other: Unit) -> dict[str, dict[str, Any]]:
    listed = {}
    for name in found["headline"]:
        if name in found["incomparable"] or found["better"].get(name) is None:
            continue
        told = difference(found, base, other, name)
        if told.low is not None:
            fields = {key: getattr(told, key) for key in ("mean", "low", "high")}
            listed[name] = fields | {"shown": told.better is not None}
    return listed
