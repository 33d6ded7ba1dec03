"""Runs and comparisons as files: CSV for a spreadsheet, JSON for a program."""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from project.comparison.flat import Row
from project.comparison.loading import KnownRun
from project.comparison.values import known_names, text_of, values_of
from project.files import json_text, write_atomic
from project.run_directory import is_run

STANDARD_OUTPUT = Path("-")


def deliver(path: Path, text: str) -> None:
    """Write a file as a whole, or to standard output (`-`), or into what is no plain file.

    Raises:
        OSError: it can't be written; of a plain file nothing is left behind.
    """
    if path == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
    elif path.exists() and not path.is_file():
        # A pipe or a device is not to be replaced by a file.
        try:
            with open(path, "wb") as file:
                file.write(text.encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
    else:
        write_atomic(path, text)


def write_listing_csv(path: Path, runs: Sequence[KnownRun], now: datetime) -> None:
    """A row for each run, a column for each value; what a run lacks is an empty cell."""
    every = [values_of(run, now) for run in runs]
    names = [name for name in known_names(every) if any(name in values for values in every)]
    rows = [[_cell(values.get(name)) for name in names] for values in every]
    deliver(path, _csv([names, *rows]))


def write_listing_json(path: Path, runs: Sequence[KnownRun], now: datetime) -> None:
    """`{"runs": [{"directory", and each value by name}]}`."""
    found = [{"directory": str(run.directory), **values_of(run, now)} for run in runs]
    deliver(path, json_text({"runs": found}))


def write_comparison_csv(path: Path, found: Mapping[str, Any], *, all: bool) -> None:
    """A row for each thing that differs (with `all`, each thing): section, name, values, deltas."""
    ids = [run["run_id"] for run in found["runs"]]
    header = ["section", "name", *ids, *(f"{i} - {ids[0]}" for i in ids[1:])]
    rows = [
        [section, row["name"], *map(_cell, row["values"]), *map(_cell, _deltas(row))]
        for section, listed in found["sections"].items()
        for row in listed
        if all or row["differs"] or len(ids) == 1
    ]
    deliver(path, _csv([header, *rows]))


def write_comparison_json(path: Path, found: Mapping[str, Any]) -> None:
    """All of a description."""
    deliver(path, json_text(found))


def check_places(paths: Iterable[Path | None]) -> None:
    """Refuse, before anything is written, files that can't be: they are no part of a run.

    Raises:
        ValueError: one is a folder, is in none, is in a run's directory, or is named twice.
    """
    given = [path for path in paths if path is not None]
    for path in given:
        if path != STANDARD_OUTPUT:
            _check_place(path)
        if [other.resolve() for other in given].count(path.resolve()) > 1:
            raise ValueError(f"{path} is named twice: each file needs its own")


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{path} can't be written: it is a folder, not a file")
    if not path.parent.is_dir():
        raise ValueError(f"{path} can't be written: {str(path.parent)!r} is no folder")
    for folder in path.absolute().parents[:2]:
        if is_run(folder):
            raise ValueError(f"{path} would be in a run's directory, which stays as it is")


def _deltas(row: Row) -> list[float | None]:
    return row.get("deltas", [None] * len(row["values"]))[1:]


def _cell(value: Any) -> str:
    """Every digit of a number, so that it reads back as it was."""
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else text_of(value)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
