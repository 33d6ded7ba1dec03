"""Where a run's facts stand in Neptune, and as which of the few types that Neptune can hold."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from project import run_directory
from project.plugs import flat
from project.run_directory import CHECKPOINTS
from project.tracking.best import BEST

SECTIONS = {
    "flags": "training/hyperparams",
    "model": "training/model",
    "code": "source_code/git",
    "data": "data",
    "environment": "environment",
}
# Of the best checkpoint, each a series of one point; see `_best`.
BEST_SCORES = f"training/{BEST}".rstrip("/")
BY_STEM = (".json", ".lock", ".patch", ".png")
Field = bool | int | float | str


def described(record: dict[str, Any]) -> Iterator[tuple[str, Field]]:
    """(path, value) of everything in a run's record; what is in no section stands under `run`."""
    for section, path in SECTIONS.items():
        yield from leaves(path, flat(record[section]) if section == "flags" else record[section])
    yield from leaves("run", {key: record[key] for key in record if key not in SECTIONS})


def tags(record: dict[str, Any]) -> list[str]:
    """The person's, and which sweep the run is of."""
    told = record.get("sweep")
    return [*record["tags"], *([f"sweep:{told['name']}"] if told else [])]


def concluded(outcome: dict[str, Any] | None) -> Iterator[tuple[str, Field]]:
    """(path, value) of a run's outcome; without one the training died, and the run is lost."""
    result = {"status": "lost"} if outcome is None else outcome
    checkpoints = result.get("checkpoints") or {}
    yield from leaves("training/model/checkpoints", checkpoints)
    if run_directory.BEST in checkpoints:
        yield "training/model/best_model_path", f"{CHECKPOINTS}/{run_directory.BEST}"
        score = (result["best"] or {}).get("value")
        if isinstance(score, float):  # not "nan", which is a text
            yield "training/model/best_model_score", score
    known = {
        key: value for key, value in result.items() if value is not None and key != "checkpoints"
    }
    yield from leaves("result", known)
    yield "sys/failed", result["status"] not in ("finished", "pruned")


def parts_of(address: str) -> tuple[str, str, str]:
    """The server, the project and the entry's name there, of an entry's address."""
    server, workspace, project, _, entry = address.rsplit("/", 4)
    return server, f"{workspace}/{project}", entry


def path_of(file: Path) -> str:
    """The path of a file, named as it is below the run's directory.

    The client keeps the suffix beside the name, so `record.json` is `record`; but the table
    `figures/x.csv` must not take the place of the picture `figures/x.png`.
    """
    if file.parts[0] == CHECKPOINTS:
        return f"training/model/checkpoints/{file.stem}"
    stem = file.with_suffix("").as_posix()
    return stem if file.suffix in BY_STEM else f"{stem}_{file.suffix[1:]}"


def curves(points: list[tuple[str, float, int, float]]) -> dict[str, list[tuple[Any, int, float]]]:
    """Points (name, value, step, time) as a series of (value, step, time) per path, in order."""
    series = defaultdict(list)
    for name, value, step, time in points:
        if math.isfinite(value):
            series[f"training/{name}"].append((value, step, time))
        else:
            series[f"training/{name}_non_finite"].append((repr(value), step, time))
    return series


def leaves(path: str, value: Any) -> Iterator[tuple[str, Field]]:
    """(path, value) of each leaf of JSON-like `value` below `path`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{path}/{key}", item)
    else:
        yield path, _field(value)


def _field(value: Any) -> Field:
    """A JSON value as one for Neptune, which has no lists, no null and integers of 32 bits only."""
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return float(value) if float(value) == value else str(value)
    if isinstance(value, (list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, (bool, int, float)) else str(value)
