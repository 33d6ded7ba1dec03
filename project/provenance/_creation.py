"""Making a run's directory under an id of its own, and undoing that."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from project.provenance._lock import RunLock
from project.run_directory import RUNS_LOCK

# Crockford's base 32: no letter that reads like another; in ASCII order, so that ids sort by time.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_run_id(now: datetime) -> str:
    """`YYYYMMDD-HHMMSS-xxxx` of an aware time, in UTC; xxxx is the microsecond in base 32.

    So ids sort by their time, and of two runs only those of the same microsecond clash.
    """
    now = now.astimezone(UTC)
    fraction = "".join(_DIGITS[now.microsecond >> shift & 31] for shift in (15, 10, 5, 0))
    return f"{now:%Y%m%d-%H%M%S}-{fraction}"


@contextmanager
def new_directory(folder: Path) -> Iterator[tuple[datetime, Path, RunLock]]:
    """The time and the directory of a new run in `folder`, and its lock.

    If the block raises, nothing of them is left behind, nor of folders that were missing.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    directory = lock = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        now, directory = _make_directory(folder)
        lock = RunLock(directory)
        yield now, directory, lock
    except BaseException:
        if lock:
            lock.release()
        remove(directory, missing)
        raise


def _make_directory(folder: Path) -> tuple[datetime, Path]:
    """A new run's directory in `folder`, its alone however many start at once, and its time."""
    now = datetime.now(UTC)
    while True:
        directory = folder / new_run_id(now)
        try:
            directory.mkdir()
        except FileExistsError:
            now += timedelta(microseconds=1)
        else:
            return now, directory


def remove(directory: Path | None, folders: list[Path]) -> None:
    """Undo a creation: the run's directory, and those around it that were not there before."""
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
    for folder in folders:
        # Other processes may have put runs there since; then it stays.
        with suppress(OSError):
            if [path.name for path in folder.iterdir()] == [RUNS_LOCK]:
                (folder / RUNS_LOCK).unlink()
            folder.rmdir()


def iso(time: datetime) -> str:
    """A time as records and outcomes have it."""
    return time.isoformat(timespec="milliseconds")
