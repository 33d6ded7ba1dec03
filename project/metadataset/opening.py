"""The index of a folder, opened: in its file, or in memory where that can't be."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from project.metadataset.index import Index
from project.run_directory import METADATA

# Seconds to wait for another process that writes; a batch takes it less than one.
_PATIENCE = 60.0
Say = Callable[[str], None]


@contextmanager
def opened(exp_dir: Path, say: Say) -> Iterator[Index]:
    """The tables over all runs below a folder, up to date.

    Args:
        exp_dir: the folder of all experiments.
        say: told, in a line, where the index can't be kept or is made anew.
    Raises:
        ValueError: there is no such folder.
    """
    if not exp_dir.is_dir():
        raise ValueError(f"{str(exp_dir)!r} has no runs yet")
    path = exp_dir / METADATA
    try:
        index = _updated(exp_dir, path)
    except sqlite3.OperationalError as error:
        say(f"note: {path} can't be kept ({error}): all runs are read each time")
        index = _updated(exp_dir, None)
    except sqlite3.DatabaseError as error:
        say(f"note: {path} is damaged ({error}): it is made anew")
        for name in (path, path.with_name(f"{path.name}-journal")):
            name.unlink(missing_ok=True)
        index = _updated(exp_dir, path)
    try:
        yield index
    finally:
        index.close()


def _updated(exp_dir: Path, file: Path | None) -> Index:
    """The index in a file, or in memory."""
    name = ":memory:" if file is None else str(file)
    database = sqlite3.connect(name, timeout=_PATIENCE, isolation_level=None)
    index = Index(exp_dir, database, file)
    try:
        index.update()
    except BaseException:
        index.close()
        raise
    return index
