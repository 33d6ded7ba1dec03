"""The lock that tells other processes whether a run's process lives."""

import fcntl
import os
import time
from pathlib import Path

from project.files import try_lock
from project.run_directory import LOCK

# Also keeps a lock from being let go with the last reference to its run.
_held: "set[RunLock]" = set()


class RunLock:
    """The lock `<directory>/.lock`, held until `release` or this process's end, however it ends.

    The lock belongs to the open file, which forked processes (workers of a DataLoader) share: one
    that outlives a killed run would keep it looking alive. So a fork closes its copy at once, which
    does not release the lock; a process started by exec has none, as Python's files don't pass on.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            ValueError: another process has it.
            OSError: the directory can't be written.
        """
        for _ in range(20):
            file = try_lock(directory / LOCK)
            if file is not None:
                break
            time.sleep(0.01)  # someone may be asking `is_locked`, for microseconds
        else:
            raise ValueError(
                f"run {directory.name} is still running; stop it first, or wait for it"
            )
        self._file = file
        _held.add(self)

    def release(self) -> None:
        self._file.close()
        _held.discard(self)


def is_locked(directory: Path) -> bool:
    """Whether a living process has the lock of the run in `directory`."""
    try:
        handle = os.open(directory / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at once do not see each other.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _close_all() -> None:
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_close_all)
