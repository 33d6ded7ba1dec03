"""All that the page shows, as one structure of plain values."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from project.comparison import progress
from project.comparison.loading import KnownRun
from project.comparison.metric_names import better, group, rank
from project.comparison.page.curves import Line, Packed, lines_of, mean_lines, pack
from project.comparison.page.diffs import diffs
from project.comparison.page.dimensions import dimensions
from project.comparison.page.figures import figures
from project.comparison.page.rows import rows
from project.comparison.units import Unit, cell, telling, units_of
from project.comparison.values import NEUTRAL_FLAGS, code_mark, data_mark, is_of_class

# Flags that tell runs apart in their names; of more, none would be read.
_TOLD = 3
_LONG = re.compile(r"-?\d*\.\d{4,}(e-?\d+)?")


def content(
    found: Mapping[str, Any], runs: Sequence[KnownRun], now: datetime
) -> tuple[dict[str, Any], list[str]]:
    """What the page shows, and a line for each thing that could not be read.

    Args:
        found: Of `describe`, of `runs`.
        runs: In the same order.
        now: When the page is made.
    Raises:
        OSError: a picture can't be read.
    """
    labels = [run["label"] for run in found["runs"]]
    each = [Unit(label, (i,), False) for i, label in enumerate(labels)]
    units = units_of(found) if found["groups"] else []
    lines, problems = _lines(found["runs"], runs, now)
    packed = pack({**lines, **_means(found, units, lines)})
    listed, addresses, pictures_out = figures(runs, labels)
    code, files_out = diffs(found["code"]["diffs"])
    names = dict.fromkeys(name for curves in lines.values() for name in curves)
    shown = {
        "made": now.isoformat(timespec="seconds"),
        "runs": _runs(found, each, now),
        "units": _units(found, units, labels),
        "rows": rows(found, units),
        "metrics": [_metric(name) for name in sorted(names, key=rank)],
        "axes": packed.axes,
        "curves": packed.curves,
        "images": listed,
        "pictures": addresses,
        "diffs": code,
        "trees": found["code"]["trees"],
        "scores": _scores(found),
        "groups": found["groups"],
        "pairs": found["pairs"],
        "dimensions": dimensions(found, units),
        "notes": [*_changed_files(found["files"]), *_notes(packed, pictures_out, files_out)],
        "problems": [*found["problems"], *problems],
    }
    return shown, problems


def _lines(
    described: Sequence[Mapping[str, Any]], runs: Sequence[KnownRun], now: datetime
) -> tuple[dict[str, dict[str, Line]], list[str]]:
    lines, problems = {}, []
    for entry, run in zip(described, runs, strict=True):
        try:
            curves = entry.get("curves") or progress.curves(run.directory)
        except ValueError as error:
            curves = {}
            problems.append(str(error))
        lines[entry["label"]] = lines_of(curves, _began(entry, now))
    return lines, problems


def _means(
    found: Mapping[str, Any], units: Sequence[Unit], lines: Mapping[str, Mapping[str, Line]]
) -> dict[str, dict[str, Line]]:
    """Of each group the curves that its statistics are of; before any run has finished, of all."""
    groups = {group["label"]: group["counted"] or group["runs"] for group in found["groups"]}
    return {
        unit.label: mean_lines([lines[label] for label in groups[unit.label]])
        for unit in units
        if unit.is_group
    }


def _runs(found: Mapping[str, Any], each: Sequence[Unit], now: datetime) -> list[dict[str, Any]]:
    duration = next(r["values"] for r in found["sections"]["results"] if r["name"] == "duration")
    names = _names(found, each, NEUTRAL_FLAGS)
    listed = []
    for run, name, lasted in zip(found["runs"], names, duration, strict=True):
        fields = ("run_id", "status", "seed", "description", "tags", "note", "command")
        shown = {key: run[key] for key in fields} | {"id": run["label"], "name": name}
        shown |= {"experiment": run["exp_name"], "started": _milliseconds(_began(run, now))}
        shown |= {"lasted": _milliseconds(lasted)}
        listed.append(shown | {"code": code_mark(run), "data": data_mark(run)})
    return listed


def _units(
    found: Mapping[str, Any], units: Sequence[Unit], labels: Sequence[str]
) -> list[dict[str, Any]]:
    names = _names(found, units, NEUTRAL_FLAGS | {"seed"})
    return [
        {
            "id": u.label,
            "name": name,
            "group": u.is_group,
            "members": [labels[i] for i in u.members],
        }
        for u, name in zip(units, names, strict=True)
    ]


def _names(found: Mapping[str, Any], units: Sequence[Unit], skipped: frozenset[str]) -> list[str]:
    """What tells each unit from the others: the fewest flags that do, or else who it is."""
    cells = {
        row["name"]: [cell(row["values"], unit) for unit in units]
        for row in telling(found, units, skipped)
    }
    names: list[str] = []
    apart = 1
    for name in sorted(cells, key=lambda name: -len(set(cells[name]))):
        parts = len(set(zip(*(cells[n] for n in (*names, name)), strict=True)))
        if parts > apart and len(names) < _TOLD:
            names, apart = [*names, name], parts
    if not names:
        ids = [run["run_id"] for run in found["runs"]]
        return [f"{len(u.members)} seeds" if u.is_group else ids[u.members[0]] for u in units]
    short = {name: _shortened(cells[name]) for name in names}
    return [", ".join(f"{name} {short[name][i]}" for name in names) for i in range(len(units))]


def _shortened(texts: Sequence[str]) -> Sequence[str]:
    """Numbers with few digits, if these tell them apart as well."""
    short = [f"{float(text):.3g}" if _LONG.fullmatch(text) else text for text in texts]
    return short if len(set(short)) == len(set(texts)) else texts


def _metric(name: str) -> dict[str, Any]:
    return {"key": name, "title": name, "group": group(name), "better": better(name)}


def _scores(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each run's scores by name, the monitored first, those of single classes last."""
    monitors = [run["monitor"] for run in found["runs"]]
    known = dict.fromkeys(name for run in found["runs"] for name in run["scores"])
    return [
        {"name": n, "better": better(n), "values": [r["scores"].get(n) for r in found["runs"]]}
        for n in sorted(known, key=lambda name: (is_of_class(name), name not in monitors))
    ]


def _changed_files(files: Mapping[str, Any]) -> list[str]:
    """What happened to the files of the data, a sentence for each run with others."""
    return [
        f"Data, {' '.join(found['from'])} to {' '.join(found['to'])}: {'; '.join(found['lines'])}."
        for found in files["changes"]
    ]


def _notes(packed: Packed, pictures_out: int, files_out: int) -> list[str]:
    """What the page leaves out, as sentences."""
    notes = []
    if packed.cut:
        least = 2 * packed.buckets
        notes.append(
            f"Curves of more than {least:,} points show the least and the greatest value of each of"
            f" {packed.buckets:,} stretches ({packed.cut:,} curves)."
        )
    if pictures_out:
        notes.append(f"{pictures_out:,} figures are left out, as the page would be too large.")
    if files_out:
        notes.append(f"The diffs of {files_out:,} files are left out, as they are too long.")
    return notes


def _began(run: Mapping[str, Any], now: datetime) -> float | None:
    """Unix seconds when a run began; None if its record does not say when."""
    return None if run["age"] is None else now.timestamp() - run["age"]


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
