"""What a comparison holds that its screen does not show, and which flag shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.units import Unit, cell
from project.comparison.values import is_of_class

Description = Mapping[str, Any]
# What follows from the seed, which draws the splits.
_OF_THE_SEED = {
    "data": ("hash", "mean", "std"),
    "environment": ("variables.PL_GLOBAL_SEED", "variables.SLURM_JOB_ID"),
}


def hint(found: Description, units: Sequence[Unit], more_flags: int) -> str:
    """One sentence; empty where there is nothing more.

    Args:
        found: of `describe`.
        units: its settings.
        more_flags: how many flags differ that are not shown.
    """
    names = {name for run in found["runs"] for name in run["scores"] if not is_of_class(name)}
    rest = [_count(len(names - set(found["headline"])), "more score"), _count(more_flags, "flag")]
    other = _differing("environment", found, units)
    told = [
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
    return sum(len({cell(row["values"], unit) for unit in units}) > 1 for row in rows)
