"""Deleting runs so that each is whole, or gone, or under a hidden name until somebody ends it."""

import shutil
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from project.files import sync_folder
from project.provenance import runs_csv
from project.provenance._lock import RunLock
from project.provenance.find import RUN_ID

_SUFFIX = ".deleted"


def set_aside(run: Path) -> Path:
    """Take a run out of its experiment, in one step; returns where `delete` finds it.

    Raises:
        ValueError: it is running.
        OSError: the folder can't be written.
    """
    lock = RunLock(run)
    try:
        hidden = run.with_name(f".{run.name}{_SUFFIX}")
        run.rename(hidden)
        sync_folder(run.parent)
    finally:
        lock.release()
    return hidden


def is_set_aside(path: Path) -> bool:
    """Whether a folder is a run that is being deleted, or was, by a process that was killed."""
    return path.suffix == _SUFFIX and bool(RUN_ID.fullmatch(run_id(path)))


def run_id(hidden: Path) -> str:
    """The id of a run that was set aside."""
    return hidden.name.removeprefix(".").removesuffix(_SUFFIX)


def begun(exp_dir: Path) -> list[Path]:
    """The runs that were set aside, and that nobody has deleted yet."""
    return sorted(path for path in exp_dir.glob(f"*/.*{_SUFFIX}") if is_set_aside(path))


def delete(hidden: Iterable[Path]) -> None:
    """Delete runs that were set aside, their rows in `runs.csv`, and experiments left empty.

    Raises:
        OSError: something can't be deleted; it stays under its hidden name.
        ValueError: `runs.csv` is damaged; nothing was deleted.
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in hidden:
        by_folder[path.parents[1]].append(path)
    for exp_dir, paths in by_folder.items():
        runs_csv.remove(exp_dir, [run_id(path) for path in paths])
        for path in paths:
            shutil.rmtree(path)
            with suppress(OSError):  # it has other runs
                path.parent.rmdir()
