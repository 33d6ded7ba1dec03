"""`runs.csv`: a row for each run of an experiment folder, to open in any spreadsheet."""

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from project.files import lock, write_atomic
from project.plugs import flat
from project.run_directory import RUNS, RUNS_LOCK

Row = dict[str, str]


def make_row(
    record: Mapping[str, Any], outcome: Mapping[str, Any] | None, status: str
) -> dict[str, Any]:
    """What a run's row says: identity, state, every flag, and scalar scores once it has ended."""
    best, test = (outcome or {}).get("best") or {}, (outcome or {}).get("test") or {}
    row = {
        "run_id": record["run_id"],
        "exp_name": record["exp_name"],
        "status": status,
        "created": record["created"],
        "duration": outcome["duration"] if outcome else None,
        "sha": record["code"]["sha"],
        "dirty": record["code"]["dirty"],
        "data_hash": record["data"].get("hash"),
    }
    if sweep := record.get("sweep"):
        row |= {f"sweep_{name}": sweep.get(name) for name in ("name", "kind", "number")}
    row |= {name: value for name, value in flat(record["flags"]).items() if name not in row}
    row |= {f"best_{name}": best[name] for name in ("epoch", "step") if name in best}
    row |= {f"best_{name}": value for name, value in _scalars(best.get("metrics") or {}).items()}
    return row | {f"test_{k.removeprefix('test_')}": v for k, v in _scalars(test).items()}


def update(
    exp_dir: Path, row: Mapping[str, Any], revise: Callable[[Row], None] = lambda row: None
) -> None:
    """Add `row` to `<exp_dir>/runs.csv`, or replace the one of the same run; other processes wait.

    New keys become columns. Columns and rows that a person added stay, also in the replaced row.

    Args:
        exp_dir: Holds the file.
        row: With a `run_id`; values are written as text, lists joined by commas, None as nothing.
        revise: May change each of the other runs' rows in place.
    Raises:
        ValueError: the file is damaged; it stays as it is.
        OSError: it can't be written; it stays as it is.
    """
    new = texts(row)
    with lock(exp_dir / RUNS_LOCK):
        rows = read(exp_dir)
        own = next((r for r in rows if r["run_id"] == new["run_id"]), None)
        for other in rows:
            if other is not own:
                revise(other)
        if own is None:
            rows.append(new)
        else:
            own |= new
        write_atomic(exp_dir / RUNS, _render(rows))


def texts(row: Mapping[str, Any]) -> Row:
    """A row's values as the file has them."""
    return {name: _text(value) for name, value in row.items()}


def remove(exp_dir: Path, run_ids: Collection[str]) -> None:
    """Take the rows of these runs out; other processes wait.

    Raises:
        ValueError: the file is damaged; it stays as it is.
        OSError: it can't be written; it stays as it is.
    """
    with lock(exp_dir / RUNS_LOCK):
        known = read(exp_dir)
        rows = [row for row in known if row["run_id"] not in run_ids]
        if len(rows) < len(known):
            write_atomic(exp_dir / RUNS, _render(rows))


def read(exp_dir: Path) -> list[Row]:
    """The rows of `<exp_dir>/runs.csv` in its order, values as text; none if there is no such file.

    Raises:
        ValueError: the file is damaged; the message says where.
    """
    path = exp_dir / RUNS
    try:
        # Spreadsheets mark UTF-8 by a first character, which is no part of the header.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise _damaged(path, f"it is not UTF-8 ({error})") from error
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _damaged(path, str(error)) from error
    return _rows(path, [line for line in lines if line])


def _rows(path: Path, lines: list[list[str]]) -> list[Row]:
    if not lines:
        return []
    header = lines[0]
    if "run_id" not in header:
        raise _damaged(path, "its first line names no column 'run_id' (are commas the separators?)")
    if len(set(header)) < len(header):
        raise _damaged(path, "two columns have the same name")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            fault = f"row {number} has {len(line)} values for {len(header)} columns"
            raise _damaged(path, fault)
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _damaged(path: Path, fault: str) -> ValueError:
    return ValueError(
        f"{path} is damaged: {fault}; mend it, or move it away to have a new one begun"
    )


def _render(rows: list[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _scalars(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Without scores per class (`recall/cat`), which would be a column for each class."""
    return {k: v for k, v in scores.items() if "/" not in k and not isinstance(v, (list, dict))}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)
