"""The journal: the append-only truth of what a run logged, written by a thread of its own."""

import atexit
import os
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from project.run_directory import TABLE
from project.tracking.records import encode, read, read_all
from project.tracking.table import Table

__all__ = ["Journal", "read"]

WRITE_SECONDS = 1.0
SYNC_SECONDS = 5.0


class Journal:
    """Appends records to `journal.jsonl`, and rows to the `metrics.csv` beside it.

    A record is one line, `{"time": unix seconds, "step": int, "epoch": int, "metrics": {name:
    float}}`. For each metric only points with a higher step than its last are kept, so that each
    (name, step) stands once: a resumed run logs again what it had logged after its last checkpoint.

    A thread writes every second and syncs to the disk every five. Only the process that made the
    journal writes; in a forked one `flush` and `close` do nothing.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal of a new run, or that of a resumed one, whose torn last line is cut off.

        Raises:
            OSError: the file can't be written.
            ValueError: it is damaged.
        """
        self._path = path
        path.touch()
        self._size = _cut_torn_line(path)
        self._last_steps = _last_steps(path)
        self._table: Table | None = self._rebuilt_table()
        self._file = open(path, "ab", buffering=0)
        self._pending: deque[tuple[float, int, int, dict[str, float]]] = deque()
        self._unwritten: list[dict[str, Any]] = []
        self._error: OSError | None = None
        self._owner = os.getpid()
        self._synced = time.monotonic()
        self._lock, self._closed = Lock(), Event()
        self._thread = Thread(target=self._write_on, name="journal", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def log(self, metrics: Mapping[str, float], *, step: int, epoch: int) -> None:
        """Note `metrics`, logged after optimizer step `step`; takes about a microsecond.

        Raises:
            OSError: an earlier record could not be written (a full disk); it is kept, and written
            by
                a later `flush` or `close` once there is room.
        """
        if self._error is not None:
            self._raise()
        self._pending.append((time.time(), step, epoch, dict(metrics)))

    def flush(self) -> None:
        """Return once all that was logged is on the disk.

        Raises:
            OSError: it can't be written.
        """
        if os.getpid() != self._owner:
            return
        self._error = None
        self._write(sync=True)
        if self._error is not None:
            self._raise()

    def close(self) -> None:
        """Flush and close; closing again does nothing.

        Raises:
            OSError: it can't be written.
        """
        if self._closed.is_set() or os.getpid() != self._owner:
            return
        self._closed.set()
        atexit.unregister(self.close)
        self._thread.join()
        try:
            self.flush()
        finally:
            self._file.close()
            if self._table is not None:
                self._table.close()

    def _write_on(self) -> None:
        while not self._closed.wait(WRITE_SECONDS):
            self._write(sync=time.monotonic() - self._synced >= SYNC_SECONDS)

    def _write(self, sync: bool) -> None:
        with self._lock:
            self._take_pending()
            try:
                self._write_records()
                if sync:
                    os.fsync(self._file.fileno())
                    self._synced = time.monotonic()
            except OSError as error:
                self._error = OSError(error.errno, error.strerror, error.filename or self._path)

    def _take_pending(self) -> None:
        for _ in range(len(self._pending)):
            moment, step, epoch, metrics = self._pending.popleft()
            last = self._last_steps
            new = {n: float(v) for n, v in metrics.items() if step > last.get(n, -1)}
            if new:
                last.update(dict.fromkeys(new, step))
                record = {"time": round(moment, 3), "step": step, "epoch": epoch, "metrics": new}
                self._unwritten.append(record)

    def _write_records(self) -> None:
        records = self._unwritten
        if records:
            self._append(b"".join(map(encode, records)))
            self._unwritten = []
        # After an error rows may be missing; the table is then made anew from the journal.
        table, self._table = self._table, None
        if table is None:
            table = self._rebuilt_table()
        elif records:
            table.append(records)
        self._table = table

    def _append(self, data: bytes) -> None:
        """Append all of `data`, or nothing."""
        try:
            write_all(self._file.fileno(), data)
        except OSError:
            os.ftruncate(self._file.fileno(), self._size)
            raise
        self._size += len(data)

    def _rebuilt_table(self) -> Table:
        return Table.rebuilt(self._path.with_name(TABLE), read_all(self._path))

    def _raise(self) -> None:
        error, self._error = self._error, None
        raise error


def write_all(handle: int, data: bytes) -> None:
    """Write all of `data`, however little the system takes at once."""
    rest = memoryview(data)
    while rest:
        written = os.write(handle, rest)
        rest = rest[written:]


def _cut_torn_line(path: Path) -> int:
    """Cut off a last line that a crash left without its end; returns the file's size in bytes."""
    with open(path, "rb+") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 4096)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
    return end


def _last_steps(path: Path) -> dict[str, int]:
    last: dict[str, int] = {}
    for records in read_all(path):
        for record in records:
            last.update(dict.fromkeys(record["metrics"], record["step"]))
    return last
