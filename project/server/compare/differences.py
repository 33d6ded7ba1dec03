"""What runs have in common, and in what they differ: rows of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

Fact = tuple[str, str]  # section and name
ORDER = ("flags", "code", "data", "model", "environment", "run", "result")


class Row(TypedDict):
    """One fact of all runs; None where a run does not know it."""

    section: str
    name: str
    values: list[str | None]
    differs: bool


def rows(runs: Sequence[Mapping[Fact, str]]) -> list[Row]:
    """A row for each fact that any run knows, by section; within one, as the runs have them.

    A fact that one run lacks and another has differs.
    """
    facts = dict.fromkeys(fact for run in runs for fact in run)
    return [_row(fact, [run.get(fact) for run in runs]) for fact in sorted(facts, key=_rank)]


def _row(fact: Fact, values: list[str | None]) -> Row:
    section, name = fact
    return {"section": section, "name": name, "values": values, "differs": len(set(values)) > 1}


def _rank(fact: Fact) -> tuple[int, str]:
    """Our sections first, then the others by name; sorting keeps the order within each."""
    section, _ = fact
    return (ORDER.index(section), "") if section in ORDER else (len(ORDER), section)
