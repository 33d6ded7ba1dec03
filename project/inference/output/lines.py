"""Rows as lines of one file, CSV or JSON: only whole ones stay, also on a full disk."""

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from project.files import finite
from project.inference.rows import Row


class Lines:
    """Adds rows to a file.

    Args:
        path: of the file; what is there is kept, but for a last row that is cut off.
        columns: names of the cells.

    Raises:
        OSError: it can't be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._columns = path, columns
        self._length = _whole(path)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        os.ftruncate(self._handle, self._length)
        os.lseek(self._handle, self._length, os.SEEK_SET)
        if not self._length and path.suffix == ".csv":
            self._add(_csv([self._columns]))

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows, all or none.

        Raises:
            OSError: the disk is full; the file is as it was.
        """
        if self._path.suffix == ".csv":
            self._add(_csv([_cell(row.get(name)) for name in self._columns] for row in rows))
        else:
            ordered = ({name: row.get(name) for name in self._columns} for row in rows)
            self._add(
                "".join(f"{json.dumps(finite(row), ensure_ascii=False)}\n" for row in ordered)
            )

    def close(self) -> None:
        """Have it on the disk.

        Raises:
            OSError: it is not.
        """
        os.fsync(self._handle)
        os.close(self._handle)

    def _add(self, text: str) -> None:
        data = text.encode(errors="surrogateescape")
        try:
            rest = data
            while rest:
                written = os.write(self._handle, rest)
                rest = rest[written:]
        except OSError as error:
            os.ftruncate(self._handle, self._length)
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._length += len(data)


def read(path: Path) -> Iterator[Row]:
    """The rows of a file, whole ones.

    Raises:
        OSError: it can't be read.
    """
    if not path.exists():
        return
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        if path.suffix == ".csv":
            yield from csv.DictReader(file)
        else:
            yield from map(json.loads, file)


def _whole(path: Path) -> int:
    """How many bytes of a file are whole rows; a killed process may have left a part of one."""
    if not path.exists():
        return 0
    is_csv, end = path.suffix == ".csv", 0
    with open(path, "rb") as file:
        pending = b""
        for line in file:
            pending += line
            # A line's end within quotes is part of a path.
            if line.endswith(b"\n") and (not is_csv or pending.count(b'"') % 2 == 0):
                end, pending = end + len(pending), b""
    return end


def _csv(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return f"{value:.9g}" if isinstance(value, float) else value
