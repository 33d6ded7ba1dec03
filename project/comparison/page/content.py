"""All that the page shows, as one structure of plain values."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from project.comparison.flat import differ
from project.comparison.judging import verdict_lines
from project.comparison.labels import telling_flags
from project.comparison.loading import KnownRun
from project.comparison.metric_names import fold, group, measured, rank
from project.comparison.page.against import against, all_pairs
from project.comparison.page.confusion import confusion
from project.comparison.page.diffs import diffs
from project.comparison.page.dimensions import dimensions
from project.comparison.page.intervals import intervals
from project.comparison.page.logged import Logged, began, read_logged
from project.comparison.page.rows import rows
from project.comparison.sections import leak_lines
from project.comparison.units import Unit, cell, names_of, telling, units_of
from project.comparison.values import code_mark, data_mark, is_of_class, text_of
from project.scores import agreed, distinct


def content(
    found: Mapping[str, Any],
    runs: Sequence[KnownRun],
    now: datetime,
    logged: Logged | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """What the page shows, and a line for each thing that could not be read.

    Args:
        found: Of `describe`, of `runs`.
        runs: In the same order.
        now: When the page is made.
        logged: Curves and pictures, if not those of the runs' directories.
    Raises:
        OSError: a picture can't be read.
    """
    each = [Unit(run["label"], (i,), False) for i, run in enumerate(found["runs"])]
    units = units_of(found) if found["groups"] else []
    logged = logged or read_logged(found, runs, units, now)
    matrices, matrices_out = confusion(runs, [run["label"] for run in found["runs"]])
    code, files_out = diffs(found["code"]["diffs"])
    shown = {
        "made": now.isoformat(timespec="seconds"),
        "runs": _runs(found, runs, each, now),
        "units": _units(found, runs, units),
        "rows": [_with_last(row, found, units, logged.lasts) for row in rows(found, units)],
        "metrics": _metrics(runs, logged),
        "axes": logged.axes,
        "curves": logged.curves,
        "images": logged.images,
        "pictures": logged.pictures,
        "diffs": code,
        "trees": found["code"]["trees"],
        "scores": _scores(found),
        "groups": found["groups"],
        "pairs": all_pairs(found, runs),
        "intervals": intervals(found["groups"]),
        "verdicts": verdict_lines(found) if len(runs) > 1 else [],
        "against": against(found),
        "primary": found["primary"],
        "headline": found["headline"],
        "telling": _telling(found, units or each),
        "confusion": matrices,
        "dimensions": dimensions(found, units),
        "disagreements": _pairs(found, runs),
        "notes": [
            *_changed_files(found["files"]),
            *(f"{text}." for text in found["notes"]),
            *logged.notes,
            *_notes(files_out),
            *matrices_out,
        ],
        "problems": list(
            dict.fromkeys([*leak_lines(found["runs"]), *found["problems"], *logged.problems])
        ),
    }
    return shown, list(logged.problems)


def _pairs(found: Mapping[str, Any], runs: Sequence[KnownRun]) -> list[dict[str, Any]]:
    """As of `disagreements.shown`, for which Parquet is loaded, where there are any."""
    if not found["disagreements"]:
        return []
    from project.comparison.page.disagreements import shown

    return shown(found["disagreements"], runs)


def _with_last(
    row: dict[str, Any],
    found: Mapping[str, Any],
    units: Sequence[Unit],
    lasts: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """A row whose cells also have each run's last value, where it is not the best checkpoint's."""
    cells = dict(zip((run["label"] for run in found["runs"]), row["each"], strict=True))
    alone = [unit for unit in units if not unit.is_group]
    grouped = dict(zip((unit.label for unit in units), row["grouped"], strict=True))
    for run in found["runs"] if row["section"] == "results" else ():
        last = lasts[run["label"]].get(row["name"])
        value = run["scores"].get(row["name"])
        if last is not None and value is not None and differ([value, last]):
            for shown in (cells, grouped if run["label"] in {u.label for u in alone} else {}):
                if run["label"] in shown:
                    shown[run["label"]]["last"] = text_of(last)
    return row


def _runs(
    found: Mapping[str, Any], runs: Sequence[KnownRun], each: Sequence[Unit], now: datetime
) -> list[dict[str, Any]]:
    duration = next(r["values"] for r in found["sections"]["results"] if r["name"] == "duration")
    names = names_of(found, runs, each)
    listed = []
    for run, name, lasted in zip(found["runs"], names, duration, strict=True):
        fields = ("run_id", "status", "seed", "description", "tags", "note", "command")
        fields += ("reproduces", "foreign", "monitor", "best")
        shown = {key: run[key] for key in fields} | {"id": run["label"], "name": name}
        shown |= {"experiment": run["exp_name"], "started": _milliseconds(began(run, now))}
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


def _metrics(runs: Sequence[KnownRun], logged: Logged) -> list[dict[str, Any]]:
    ways = distinct(run.record["scores"] for run in runs)
    return [
        {"key": name, "title": name, "group": group(name), "better": agreed(ways, name)}
        | {"last": [own.get(name) for own in logged.lasts.values()]}
        for name in sorted(logged.names, key=rank)
    ]


def _telling(found: Mapping[str, Any], units: Sequence[Unit]) -> list[str]:
    """The names of the flags in which the units differ, those that tell most first."""
    rows = [row for row in telling(found, units) if row["name"] != "seed" or len(units) == 1]
    flags = [{row["name"]: cell(row["values"], unit) for row in rows} for unit in units]
    first = telling_flags(flags, [""] * len(units))
    return list(dict.fromkeys([*first, *(row["name"] for row in rows)]))


def _scores(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each run's scores by name, the monitored first, those of single classes last."""
    monitors = [run["monitor"] for run in found["runs"]]
    known = found["better"]
    return [
        {
            "name": n,
            "better": known[n],
            "fold": fold(n),
            "stem": measured(n),
            "why": found["incomparable"].get(n),
        }
        | {"values": [run["scores"].get(n) for run in found["runs"]]}
        for n in sorted(known, key=lambda name: (is_of_class(name), name not in monitors))
    ]


def _changed_files(files: Mapping[str, Any]) -> list[str]:
    """What happened to the files of the data, a sentence for each run with others."""
    return [
        f"Data, {' '.join(found['from'])} to {' '.join(found['to'])}: {'; '.join(found['lines'])}."
        for found in files["changes"]
    ]


def _notes(files_out: int) -> list[str]:
    """What the page leaves out of the code, as sentences."""
    return [f"The diffs of {files_out:,} files are left out, as they are too long."] * bool(
        files_out
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
