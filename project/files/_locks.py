"""Locks between processes, which end with their process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone, waiting for other processes."""
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(path: Path) -> IO[str] | None:
    """Take the lock file `path` now; None if another process has it. Closing it releases it."""
    file = open(path, "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder alone, waiting for other processes; no file is needed for it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def try_lock_folder(folder: str | Path) -> int:
    """Take a folder now; closing the handle releases it.

    Raises:
        OSError: another process has it (BlockingIOError), or it is somebody else's.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
