"""What a run's files say twice: whether the table and the scores are those of the journal."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project.files import finite
from project.provenance import runs_csv
from project.run_directory import JOURNAL, RUNS, TABLE

_FIXED = ("time", "step", "epoch")


@dataclass
class Logged:
    """What the journal says, in one pass.

    Attributes:
        n: records.
        steps: of the last point.
        last: step and value of each metric's last point.
        at_best: values at the best step, by metric.
        faults: a line for each thing that is not so.
    """

    n: int = 0
    steps: int = 0
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    at_best: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_logged(run: Path, records: Iterable[dict[str, Any]], best_step: int | None) -> Logged:
    """Read the journal's records, beside the table's rows where there is one.

    Args:
        run: the directory.
        records: of the journal, in order.
        best_step: of the best checkpoint.
    Raises:
        ValueError: the journal or the table is damaged.
        OSError: the table can't be read.
    """
    found, path = Logged(), run / TABLE
    if not path.is_file():
        for record in records:
            _note(found, record, best_step)
        return found
    try:
        with path.open(newline="", encoding="utf-8") as file:
            _walk(found, records, csv.reader(file), best_step)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{TABLE} is damaged: {error}") from error
    return found


def _walk(
    found: Logged,
    records: Iterable[dict[str, Any]],
    rows: Iterator[list[str]],
    best_step: int | None,
) -> None:
    header, different, first = next(rows, []), 0, ""
    for record in records:
        _note(found, record, best_step)
        row = next(rows, None)
        fault = "there is none" if row is None else _row_fault(header, row, record)
        if fault:
            different, first = different + 1, first or f"row {found.n}: {fault}"
    more = sum(1 for _ in rows)
    if different:
        found.faults.append(
            f"{TABLE} is not the {JOURNAL}'s in {different} of {found.n} rows; {first}"
        )
    if more:
        found.faults.append(f"{TABLE} has {more} rows more than the {JOURNAL} has records")


def _note(found: Logged, record: dict[str, Any], best_step: int | None) -> None:
    if not isinstance(step := record.get("step"), int):
        raise ValueError(f"{JOURNAL} is damaged: a record's step is {step!r}")
    found.n, found.steps = found.n + 1, max(found.steps, step)
    for name, value in record["metrics"].items():
        if name in found.last and found.last[name][0] >= step:
            found.faults.append(f"{JOURNAL} has {name} of step {step} after a later one, or twice")
        found.last[name] = step, value
        if step == best_step:
            found.at_best[name] = value


def _row_fault(header: list[str], row: list[str], record: dict[str, Any]) -> str | None:
    """What of a row is not the record's; None if all is."""
    if len(row) != len(header):
        return f"it has {len(row)} values for {len(header)} columns"
    cells = {name: cell for name, cell in zip(header, row, strict=True) if cell}
    logged = {name: record.get(name) for name in _FIXED} | record["metrics"]
    for name in cells | logged:
        there, value = cells.get(name), logged.get(name)
        if there is None or value is None or not _is(there, value):
            return f"{name} is {there or 'absent'}, logged was {'none' if value is None else value}"
    return None


def _is(text: str, value: float) -> bool:
    try:
        return same(float(text), float(value))
    except ValueError:
        return False


def same(one: float, other: float) -> bool:
    """Whether two values are the same to the last bit; NaN is NaN."""
    return one == other or (math.isnan(one) and math.isnan(other))


def score_faults(outcome: Mapping[str, Any], logged: Logged) -> tuple[int, list[str]]:
    """Whether the outcome's scores are those that were logged.

    Returns:
        How many are; and a line for each that is not, or was not logged.
    """
    best, faults, n = outcome.get("best") or {}, [], 0
    last = {name: value for name, (_, value) in logged.last.items()}
    # The best step itself may be missing from a forged journal: then none of its scores is there.
    own = {} if "run_id" in best else best.get("metrics") or {}  # a parent's journal has the others
    asked = [("best", own, logged.at_best, f" at step {best.get('step')}")]
    asked.append(("test", outcome.get("test") or {}, last, ""))
    for what, scores, values, where in asked:
        for name, value in scores.items():
            if name not in values:
                faults.append(f"{what}: {name} is {value}, the {JOURNAL} has none{where}")
            elif not same(float(value), values[name]):
                faults.append(f"{what}: {name} is {value}, in the {JOURNAL} {values[name]}{where}")
            else:
                n += 1
    monitor, value = best.get("monitor"), best.get("value")
    if best and not _same_or_absent(value, (best.get("metrics") or {}).get(monitor)):
        faults.append(f"best: value is {value}, its {monitor} {best['metrics'][monitor]}")
    if logged.steps > outcome.get("steps", logged.steps):
        faults.append(f"steps is {outcome['steps']}, the {JOURNAL} goes to step {logged.steps}")
    return n, faults


def _same_or_absent(one: Any, other: Any) -> bool:
    return None in (one, other) or same(float(one), float(other))


def row_faults(
    exp_dir: Path, record: Mapping[str, Any], outcome: Mapping[str, Any]
) -> tuple[int, list[str]]:
    """Whether the run's row in `runs.csv` says what the record and the outcome do.

    Returns:
        How many values are the same, 0 without a row; and a line that names those that are not.
    Raises:
        ValueError: `runs.csv` is damaged.
        OSError: it can't be read.
    """
    rows = [row for row in runs_csv.read(exp_dir) if row["run_id"] == record["run_id"]]
    if not rows:
        return 0, []
    if len(rows) > 1:
        return 0, [f"{RUNS} has {len(rows)} rows of it"]
    expected = runs_csv.texts(finite(runs_csv.make_row(record, outcome, outcome["status"])))
    # A person may have added columns, and an older version knew fewer.
    common = [name for name in expected if name in rows[0]]
    wrong = [
        f"{name} {rows[0][name]!r}, not {expected[name]!r}"
        for name in common
        if rows[0][name] not in ("", expected[name])
    ]
    return len(common), [f"{RUNS} says {some_of(wrong)}"] if wrong else []


def some_of(lines: list[str], most: int = 5) -> str:
    """The first of several things, and how many more there are."""
    return "; ".join(lines[:most]) + (f" and {len(lines) - most} more" if lines[most:] else "")
