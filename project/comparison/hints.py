"""What a comparison holds that its screen does not show, and which flag shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.flat import identity
from project.comparison.groups import OF_THE_SEED
from project.comparison.units import Unit
from project.comparison.values import is_of_class

Description = Mapping[str, Any]
# What follows from the seed, which draws the splits.
_OF_THE_SEED = {
    "data": ("hash", "mean", "std"),
    "environment": OF_THE_SEED,
}


def hint(found: Description, units: Sequence[Unit], more_seeds: int, more_flags: int | None) -> str:
    """One sentence; empty where there is nothing more.

    Args:
        found: of `describe`.
        units: its settings.
        more_seeds: how many runs beside these are further seeds of them.
        more_flags: how many flags differ that are not shown; None where all is.
    """
    told = [f"{_count(more_seeds, 'more seed')} beside these: --all-seeds" if more_seeds else ""]
    if more_flags is not None:
        names = {name for run in found["runs"] for name in run["scores"] if not is_of_class(name)}
        scores = len(names - set(found["headline"]))
        rest = [_count(scores, "more score"), _count(more_flags, "more flag")]
        other = _differing("environment", found, units)
        told += [
            _told("code differs in", _changed(found["code"]), "file", "--code"),
            "data differ: --data" if _differing("data", found, units) else "",
            _told("environment differs in", other, "value", "--environment"),
            f"{' and '.join(filter(None, rest))}: --all" if any(rest) else "",
        ]
    return "; ".join(filter(None, told))


def _told(what: str, n: int, unit: str, flag: str) -> str:
    return f"{what} {_count(n, unit)}: {flag}" if n else ""


def _count(n: int, unit: str) -> str:
    return f"{n:,} {unit}{'' if n == 1 else 's'}" if n else ""


def _changed(code: Mapping[str, Any]) -> int:
    return len({file["name"] for diff in code["diffs"] for file in diff["files"]})


def _differing(section: str, found: Description, units: Sequence[Unit]) -> int:
    """How many values differ between settings, other than by the seeds that each has."""
    seeds = {str(sorted({str(found["runs"][i]["seed"]) for i in unit.members})) for unit in units}
    skipped = _OF_THE_SEED[section] if len(seeds) > 1 else ()
    rows = [row for row in found["sections"][section] if row["differs"]]
    rows = [row for row in rows if not row["name"].startswith(skipped)] if skipped else rows
    return sum(len({_known(row["values"], unit) for unit in units}) > 1 for row in rows)


def _known(values: Sequence[Any], unit: Unit) -> frozenset[str]:
    return frozenset(identity(values[index]) for index in unit.members)
