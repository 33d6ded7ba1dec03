"""Whether a run's files are those that were read: without reading them again."""

import os
from collections.abc import Iterator
from pathlib import Path

from project.provenance.run import ENDS, status
from project.run_directory import JOURNAL, NOTES, OUTCOME, RECORD, STAGES

_WATCHED = (RECORD, OUTCOME, NOTES, STAGES)


def runs_of(exp_dir: Path) -> Iterator[tuple[str, str]]:
    """The experiment and the id of each run's directory, in order; hidden ones are being deleted.

    Many times faster than to ask a pattern, which looks at each name with care.
    """
    for experiment in _folders(exp_dir):
        yield from ((experiment, run_id) for run_id in _folders(exp_dir / experiment))


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.name[0] != "." and e.is_dir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def mark(directory: str) -> str | None:
    """Which versions of its files a run has; None where it is no run.

    Each is told by its time, size and number on the disk: who writes one anew changes all three. Of
    a run without an outcome the journal counts, too.
    """
    told = [_told(f"{directory}/{name}") for name in _WATCHED]
    if not told[0]:
        return None
    if not told[1]:
        told.append(_told(f"{directory}/{JOURNAL}"))
    return " ".join(told)


def is_settled(known: str | None, directory: Path) -> bool:
    """Whether a run still stands as it was known to: no file tells that one lives, or was killed.

    Raises:
        ValueError: its outcome is damaged.
    """
    return known in ENDS or (known == "lost" and status(directory) == "lost")


def _told(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_mtime_ns:x}.{found.st_size:x}.{found.st_ino:x}"
