"""What a run's journal tells: its curves, and the best validation of one that has not ended."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from project.run_directory import JOURNAL
from project.scores import Ways, better, improves

Curves = dict[str, dict[str, list[float]]]
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def curves(directory: Path) -> Curves:
    """Every metric that was logged, by name: its `step`, `epoch`, `time` (unix s) and `value`."""
    found: Curves = {}
    for record in _records(directory):
        for name, value in record["metrics"].items():
            curve = found.setdefault(name, {"step": [], "epoch": [], "time": [], "value": []})
            for key in ("step", "epoch", "time"):
                curve[key].append(record[key])
            curve["value"].append(value)
    return found


def best_so_far(directory: Path, monitor: str, ways: Ways) -> tuple[dict[str, Any], str | None]:
    """As `best` in an outcome, from the journal, and a line about the journal if it is damaged.

    Empty before the first validation, and where no record says which values of the monitored score
    are better. Of a damaged journal, what stands before the damage counts.
    """
    best: dict[str, Any] = {}
    way = better(ways, monitor)
    records = _records(directory, containing=json.dumps(monitor).encode())
    try:
        for record in records if way else ():
            best = _better_of(best, record, monitor, way)
    except ValueError as error:
        return best, str(error)
    return best, None


def _better_of(
    best: dict[str, Any], record: dict[str, Any], monitor: str, way: str
) -> dict[str, Any]:
    metrics = {k: v for k, v in record["metrics"].items() if k.startswith("val_")}
    value = metrics.get(monitor, math.nan)
    if best and not improves(way, value, best["value"]):
        return best
    at = {"epoch": record["epoch"], "step": record["step"]}
    return {"monitor": monitor, "value": value, "metrics": metrics} | at


def _records(directory: Path, containing: bytes = b"") -> Iterator[dict[str, Any]]:
    """Whole records, without a last line that is being written.

    Raises:
        ValueError: a line is damaged; the message names it.
    """
    path = directory / JOURNAL
    if not path.exists():
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                continue
            # To parse only the lines asked for keeps long runs quick; others are looked at.
            if containing in line or not (line.startswith(b"{") and line.endswith(b"}\n")):
                yield _parsed(path, number, line)


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        fixed = {"step": int(record["step"]), "epoch": int(record["epoch"])}
        fixed["time"] = float(record["time"])
        for each in fixed.values():
            float(each)  # JSON has whole numbers that no curve can hold
        return fixed | {"metrics": {k: float(v) for k, v in record["metrics"].items()}}
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged in line {number}: {error!r}") from error
