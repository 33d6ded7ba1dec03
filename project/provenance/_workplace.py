"""A folder beside the runs for what is not whole yet; what killed processes left there goes too."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from project.files import lock, try_lock_folder
from project.run_directory import RUNS_LOCK

_PREFIX = ".import-"
_NAME = re.compile(re.escape(_PREFIX) + "[a-z0-9_]{8}")


@contextmanager
def workplace(exp_dir: Path) -> Iterator[Path]:
    """A new folder in `exp_dir`, so that what is made there can be moved whole to its place.

    Raises:
        OSError: `exp_dir` can't be written.
    """
    handle = None
    try:
        # Between a folder and its lock, another process would take it for one that was left.
        with lock(exp_dir / RUNS_LOCK):
            _remove_left(exp_dir)
            folder = tempfile.mkdtemp(dir=exp_dir, prefix=_PREFIX)
            handle = try_lock_folder(folder)
        yield Path(folder)
    finally:
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _remove_left(exp_dir: Path) -> None:
    for path in exp_dir.iterdir():
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # somebody else's, or at work
                handle = try_lock_folder(path)
                shutil.rmtree(path, ignore_errors=True)
                os.close(handle)
