"""All that the page shows, as one structure of plain values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from project.comparison import progress
from project.comparison.flat import differ
from project.comparison.judging import verdict_lines
from project.comparison.loading import KnownRun
from project.comparison.metric_names import group, rank
from project.comparison.page.curves import Line, Packed, lines_of, mean_lines, pack
from project.comparison.page.diffs import diffs
from project.comparison.page.dimensions import dimensions
from project.comparison.page.figures import figures
from project.comparison.page.rows import rows
from project.comparison.sections import leak_lines
from project.comparison.units import Unit, names_of, units_of
from project.comparison.values import code_mark, data_mark, is_of_class, text_of
from project.scores import agreed


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
    letters = [run["label"] for run in found["runs"]]
    each = [Unit(letter, (i,), False) for i, letter in enumerate(letters)]
    units = units_of(found) if found["groups"] else []
    lines, problems = _lines(found["runs"], runs, now)
    packed = pack({**lines, **_means(found, units, lines)})
    listed, addresses, pictures_out = figures(runs, letters)
    code, files_out = diffs(found["code"]["diffs"])
    names = dict.fromkeys(name for curves in lines.values() for name in curves)
    shown = {
        "made": now.isoformat(timespec="seconds"),
        "runs": _runs(found, runs, each, now),
        "units": _units(found, runs, units),
        "rows": [_with_last(row, found, units, lines) for row in rows(found, units)],
        "metrics": [_metric(name, runs) for name in sorted(names, key=rank)],
        "axes": packed.axes,
        "curves": packed.curves,
        "images": listed,
        "pictures": addresses,
        "diffs": code,
        "trees": found["code"]["trees"],
        "scores": _scores(found),
        "groups": found["groups"],
        "pairs": found["pairs"],
        "verdicts": verdict_lines(found) if len(runs) > 1 else [],
        "dimensions": dimensions(found, units),
        "notes": [
            *_changed_files(found["files"]),
            *(f"{text}." for text in found["notes"]),
            *_notes(packed, pictures_out, files_out),
        ],
        "problems": list(
            dict.fromkeys([*leak_lines(found["runs"]), *found["problems"], *problems])
        ),
    }
    return shown, problems


def _lines(
    described: Sequence[Mapping[str, Any]], runs: Sequence[KnownRun], now: datetime
) -> tuple[dict[str, dict[str, Line]], list[str]]:
    lines, problems = {}, []
    for entry, run in zip(described, runs, strict=True):
        try:
            curves = entry["curves"] if "curves" in entry else progress.curves(run.directory)
        except ValueError as error:
            curves = {}
            problems.append(str(error))
        lines[entry["label"]] = lines_of(curves, _began(entry, now))
    return lines, problems


def _with_last(
    row: dict[str, Any],
    found: Mapping[str, Any],
    units: Sequence[Unit],
    lines: Mapping[str, Mapping[str, Line]],
) -> dict[str, Any]:
    """A row whose cells also have each run's last value, where it is not the best checkpoint's."""
    cells = dict(zip((run["label"] for run in found["runs"]), row["each"], strict=True))
    alone = [unit for unit in units if not unit.is_group]
    grouped = dict(zip((unit.label for unit in units), row["grouped"], strict=True))
    for run in found["runs"] if row["section"] == "results" else ():
        line = lines[run["label"]].get(row["name"])
        value = run["scores"].get(row["name"])
        if line is not None and value is not None and differ([value, float(line.value[-1])]):
            for shown in (cells, grouped if run["label"] in {u.label for u in alone} else {}):
                if run["label"] in shown:
                    shown[run["label"]]["last"] = text_of(float(line.value[-1]))
    return row


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


def _runs(
    found: Mapping[str, Any], runs: Sequence[KnownRun], each: Sequence[Unit], now: datetime
) -> list[dict[str, Any]]:
    duration = next(r["values"] for r in found["sections"]["results"] if r["name"] == "duration")
    names = names_of(found, runs, each)
    listed = []
    for run, name, lasted in zip(found["runs"], names, duration, strict=True):
        fields = ("run_id", "status", "seed", "description", "tags", "note", "command")
        shown = {key: run[key] for key in fields} | {"id": run["label"], "name": name}
        shown |= {"experiment": run["exp_name"], "started": _milliseconds(_began(run, now))}
        shown |= {"lasted": _milliseconds(lasted)}
        listed.append(shown | {"code": code_mark(run), "data": data_mark(run)})
    return listed


def _units(
    found: Mapping[str, Any], runs: Sequence[KnownRun], units: Sequence[Unit]
) -> list[dict[str, Any]]:
    names = names_of(found, runs, units, "seed")
    return [
        {"id": u.label, "name": name, "group": u.is_group}
        | {"members": [found["runs"][i]["label"] for i in u.members]}
        for u, name in zip(units, names, strict=True)
    ]


def _metric(name: str, runs: Sequence[KnownRun]) -> dict[str, Any]:
    wanted = agreed((run.record["scores"] for run in runs), name)
    return {"key": name, "title": name, "group": group(name), "better": wanted}


def _scores(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each run's scores by name, the monitored first, those of single classes last."""
    monitors = [run["monitor"] for run in found["runs"]]
    known = found["better"]
    return [
        {"name": n, "better": known[n], "values": [r["scores"].get(n) for r in found["runs"]]}
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
