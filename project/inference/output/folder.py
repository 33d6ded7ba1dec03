"""A folder of predictions: of one model and one way of asking it, which a file in it says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from project.files import read_json, write_atomic
from project.inference.chunks import key
from project.inference.output import lines, parts
from project.inference.output.lines import Lines
from project.inference.output.parts import Parts
from project.inference.rows import HASH, NAME, Row

ENDS = {"csv": "csv", "json": "jsonl", "parquet": "parquet"}
ABOUT, UNREADABLE = "predictions.about.json", "unreadable.csv"
FORMATS = {kind: f"predictions.{end}" for kind, end in ENDS.items()}


class Folder:
    """Where rows go.

    Args:
        path: of the folder; it is made if it isn't there.
        kind: csv, json (a line each) or parquet.
        columns: names of the cells.
        about: what all rows are of: the model and what was asked.
        append: whether to go on with what is there.

    Raises:
        ValueError: it has predictions already, and they are not to be gone on with, or of another
            model or by other flags; or an extra is missing.
        OSError: it can't be written.
    """

    def __init__(
        self, path: Path, kind: str, columns: Sequence[str], about: Mapping[str, Any], append: bool
    ) -> None:
        self.path, self.file = path, path / FORMATS[kind]
        self._columns, self._kind = columns, kind
        whole = {"format": kind, "columns": list(columns)} | dict(about)
        _check(path, whole, append)
        path.mkdir(parents=True, exist_ok=True)
        self._rows = Parts(self.file, columns) if kind == "parquet" else Lines(self.file, columns)
        if not (path / ABOUT).exists():
            write_atomic(path / ABOUT, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
        (path / UNREADABLE).unlink(missing_ok=True)  # each is tried again
        self._unreadable: Lines | None = None

    def known(self) -> np.ndarray:
        """`chunks.key` of each image that has a row, `(n,)` uint64, sorted."""
        reading = parts.read if self._kind == "parquet" else lines.read
        return _keys(reading(self.file))

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows.

        Raises:
            OSError: the disk is full; what was written before stays.
        """
        self._rows.write(rows)

    def refuse(self, name: str, why: str) -> None:
        """List an image that can't be predicted; errors as of `write`."""
        if self._unreadable is None:
            self._unreadable = Lines(self.path / UNREADABLE, (NAME, "why"))
        self._unreadable.write([{NAME: name, "why": why}])

    def close(self) -> None:
        """Have all on the disk; errors as of `write`."""
        self._rows.close()
        if self._unreadable:
            self._unreadable.close()


def _check(path: Path, about: Mapping[str, Any], append: bool) -> None:
    there = [name for name in FORMATS.values() if (path / name).exists()]
    if not (path / ABOUT).exists():
        if there:
            raise ValueError(f"{path / there[0]} is there already: give another folder")
        return
    before = read_json(path / ABOUT)
    odd = [name for name in about if before.get(name) != about[name]]
    if "model" in odd:
        raise ValueError(f"{path} has predictions of another model: give another folder")
    if odd:
        raise ValueError(f"{path} has predictions by other flags ({', '.join(odd)}): give another")
    if not append:
        raise ValueError(f"{path} has predictions: --append goes on with them, or give another")


def _keys(rows: Iterator[Row]) -> np.ndarray:
    found = np.fromiter((key(row[NAME], row[HASH]) for row in rows), np.uint64)
    return np.unique(found)
