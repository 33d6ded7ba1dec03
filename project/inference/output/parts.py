"""Rows as Parquet: a folder of parts, each of them whole, that readers take for one table."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from project.files import write_atomic
from project.inference.rows import Row

ROWS = 10_000  # of a part; so many at most are predicted again after an interruption
MISSING = "--format parquet needs pyarrow: pip install pyarrow, or take --format csv"


class Parts:
    """Adds rows to a folder.

    Args:
        path: of the folder.
        columns: names of the cells.

    Raises:
        ValueError: pyarrow is not installed.
        OSError: the folder can't be made.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        _pyarrow()
        path.mkdir(exist_ok=True)
        self._path, self._columns = path, columns
        self._n = len(_parts(path))
        self._rows: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows; they are in a file once there are many, or all.

        Raises:
            OSError: the disk is full; what was written before stays.
        """
        self._rows += rows
        if len(self._rows) >= ROWS:
            self._flush()

    def close(self) -> None:
        """Write the rest; errors as of `write`."""
        if self._rows:
            self._flush()

    def _flush(self) -> None:
        arrow, parquet = _pyarrow()
        table = arrow.table({n: [row.get(n) for row in self._rows] for n in self._columns})
        sink = arrow.BufferOutputStream()
        parquet.write_table(table, sink)
        content = sink.getvalue().to_pybytes()
        write_atomic(self._path / f"part-{self._n:05}.parquet", content)
        self._n, self._rows = self._n + 1, []


def read(path: Path) -> Iterator[Row]:
    """The rows of all parts.

    Raises:
        ValueError: pyarrow is not installed.
        OSError: one can't be read.
    """
    if not path.exists():
        return
    _, parquet = _pyarrow()
    for part in _parts(path):
        for batch in parquet.ParquetFile(part).iter_batches():
            yield from batch.to_pylist()


def _parts(path: Path) -> list[Path]:
    return sorted(path.glob("part-*.parquet"))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(MISSING) from error
    return pyarrow, parquet
