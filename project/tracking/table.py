"""`metrics.csv`: what a run logged as one wide table, a column per metric, a row per record.

Every run writes it from its journal, whatever `--tracker` says, so that curves can be looked at
with any tool.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from project.files import replacing

FIXED = ("time", "step", "epoch")


class Table:
    """A CSV file that grows by rows, and by a column when a new metric appears.

    Columns are `time` (unix seconds), `step`, `epoch`, then the metrics in the order of their first
    record; a metric that a record lacks is an empty cell, NaN and infinities are `nan`, `inf`,
    `-inf`.
    """

    def __init__(self, path: Path) -> None:
        """Start the file anew, with no rows.

        Raises:
            OSError: it can't be written.
        """
        self._path = path
        self._columns: dict[str, int] = {}
        self._file = None
        self._write_header(old_header=None)

    @classmethod
    def rebuilt(cls, path: Path, batches: Iterable[list[dict[str, Any]]]) -> Table:
        """The table of all records in `batches`; takes the place of `path` only when complete."""
        table = cls(path.with_name(f".{path.name}.part"))
        for records in batches:
            table.append(records)
        os.replace(table._path, path)
        table._path = path
        return table

    def append(self, records: list[dict[str, Any]]) -> None:
        """Add a row per record; visible to readers when this returns.

        Raises:
            OSError: the disk is full or gone; the table is then to be rebuilt.
        """
        new = {name for record in records for name in record["metrics"]} - self._columns.keys()
        if new:
            old_header = self._header()
            names = (name for record in records for name in record["metrics"])
            for name in names:
                self._columns.setdefault(name, len(self._columns))
            self._write_header(old_header)
        self._file.write("".join(map(self._row, records)).encode())
        self._file.flush()

    def close(self) -> None:
        """Write it through to the disk and close it."""
        os.fsync(self._file.fileno())
        self._file.close()

    def _row(self, record: dict[str, Any]) -> str:
        cells = [""] * len(self._columns)
        for name, value in record["metrics"].items():
            cells[self._columns[name]] = repr(value)
        fixed = f"{record['time']!r},{record['step']},{record['epoch']}"
        return ",".join([fixed, *cells]) + "\n"

    def _header(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([*FIXED, *self._columns])
        return text.getvalue().encode()

    def _write_header(self, old_header: bytes | None) -> None:
        """Put the header on top; rows already there get empty cells for the new columns."""
        with replacing(self._path) as file:
            file.write(self._header())
            if old_header is not None:
                self._copy_rows(file, old_header)
        if self._file is not None:
            self._file.close()
        self._file = open(self._path, "ab")

    def _copy_rows(self, target: io.BufferedIOBase, old_header: bytes) -> None:
        old_columns = next(csv.reader(io.StringIO(old_header.decode())))
        n_new = len(FIXED) + len(self._columns) - len(old_columns)
        with open(self._path, "rb") as rows:
            rows.seek(len(old_header))
            # Only the header can hold a quoted line break, so a row ends where its line does.
            while chunk := rows.read(1 << 20):
                target.write(chunk.replace(b"\n", b"," * n_new + b"\n"))
