"""Groups of runs that differ only in their seed: n, mean, spread, and paired differences."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.labels import short_id
from project.comparison.layout import Line, Table, heading, table_lines, wrapped
from project.comparison.units import cell, delta_text, telling, units_of
from project.comparison.values import text_of
from project.words.names import some


def group_lines(found: Mapping[str, Any], width: int | None) -> Iterator[Line]:
    """Who is in each group, the groups' scores side by side, and the paired differences."""
    if not found["groups"]:
        return
    yield from heading("groups: runs that differ only in the seed")
    yield from table_lines(_members(found), width)
    yield Line()
    yield from table_lines(_scores(found["groups"]), width)
    for pair in found["pairs"]:
        yield from _pair(pair, width)


def _members(found: Mapping[str, Any]) -> Table:
    units = [unit for unit in units_of(found) if unit.is_group]
    rows_told = telling(found, units, NEUTRAL_FLAGS | {"seed"})
    rows = []
    for group, unit in zip(found["groups"], units, strict=True):
        own = [f"{row['name']} {cell(row['values'], unit)}" for row in rows_told]
        seeds = ", ".join(map(str, group["seeds"]))
        rows.append([group["label"], " ".join(group["runs"]), seeds, ", ".join(own)])
    return Table(["", "runs", "seeds", "flags"], rows, essential=4)


def notes(found: Mapping[str, Any]) -> list[str]:
    """Which runs of groups don't count, and what is not the same in a group."""
    ids = {run["label"]: short_id(run["run_id"]) for run in found["runs"]}
    told = []
    for group in found["groups"]:
        label = group["label"]
        if left_out := [ids[name] for name in group["runs"] if name not in group["counted"]]:
            who = some(left_out)
            told.append(f"{label} without {who}: not finished, or of a repeated seed")
        if group["also_differ"]:
            told.append(f"{label}: machines differ in {', '.join(group['also_differ'])}")
        told += [f"{label}: {note}" for note in group["notes"]]
    return told


def _scores(groups: Sequence[Mapping[str, Any]]) -> Table:
    names = dict.fromkeys(name for group in groups for name in group["scores"])
    header, right = [""], 1 + 3 * len(groups)
    for group in groups:
        header += [f"{group['label']}: n", "mean", "sd"]
    rows = [[name, *(c for g in groups for c in _summary(g["scores"], name))] for name in names]
    return Table(header, rows, frozenset(range(1, right)), blocks=True)


def _summary(scores: Mapping[str, Any], name: str) -> list[str]:
    return [text_of(scores.get(name, {}).get(key)) for key in ("n", "mean", "sd")]


def _pair(pair: Mapping[str, Any], width: int | None) -> Iterator[Line]:
    ends = f"{pair['to']} - {pair['from']}"
    if len(pair["seeds"]) < 2:
        text = f"{ends}: no two seeds in common, so no paired difference"
        yield from [Line(), *wrapped(text, width)]
        return
    yield from heading(f"{ends}, paired by seed, with its 95 % confidence interval")
    rows = [
        [name, text_of(score["n"]), delta_text(score["mean"]), _interval(score)]
        for name, score in pair["scores"].items()
    ]
    yield from table_lines(Table(["", "n", ends, "95 %"], rows, frozenset({1, 2, 3})), width)


def _interval(score: Mapping[str, Any]) -> str:
    if score["low"] is None or math.isnan(score["low"]):
        return "-"
    return f"{delta_text(score['low'])} to {delta_text(score['high'])}"
