"""What a run's journal tells: its curves, and the best validation of one that has not ended."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from project.scores import less_is_better

Curves = dict[str, dict[str, list[float]]]


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


def best_so_far(directory: Path, monitor: str) -> dict[str, Any]:
    """As `best` in an outcome, from the journal; empty before the first validation."""
    best: dict[str, Any] = {}
    key = json.dumps(monitor).encode()
    for record in _records(directory, containing=key):
        metrics = {k: v for k, v in record["metrics"].items() if k.startswith("val_")}
        value = metrics.get(monitor, math.nan)
        if not best or _is_better(monitor, value, best["value"]):
            best = {"monitor": monitor, "value": value, "metrics": metrics}
            best |= {"epoch": record["epoch"], "step": record["step"]}
    return best


def _is_better(monitor: str, value: float, best: float) -> bool:
    if math.isnan(value) or math.isnan(best):
        return math.isnan(best) and not math.isnan(value)
    return value < best if less_is_better(monitor) else value > best


def _records(directory: Path, containing: bytes = b"") -> Iterator[dict[str, Any]]:
    """Whole records, without a last line that is being written.

    Raises:
        ValueError: a line is damaged; the message names it.
    """
    path = directory / "journal.jsonl"
    if not path.exists():
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            # To parse only the lines asked for keeps long runs quick.
            if line.endswith(b"\n") and containing in line:
                yield _parsed(path, number, line)


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
        fixed = {"step": int(record["step"]), "epoch": int(record["epoch"])}
        fixed["time"] = float(record["time"])
        return fixed | {"metrics": {k: float(v) for k, v in record["metrics"].items()}}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is damaged in line {number}: {error!r}") from error
