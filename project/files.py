"""Files that are whole or absent: atomic writes, JSON, and locks between processes."""

import errno
import fcntl
import json
import math
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` so that a reader, or a crash, sees the old file or the new one, never a part.

    Raises:
        OSError: the folder can't be written or the disk is full; nothing is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of `path`, synced to disk, once the block has ended.

    Raises:
        OSError: it can't be written, or `path` is a folder, a pipe or a device, which stays.
    """
    _check_replaceable(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        # People know the file they asked for, not the one that is to take its place.
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; what we write should follow the person's umask.
        with without_modes():
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        # A failed write knows no name; people need one.
        raise OSError(error.errno, error.strerror, error.filename or str(path)) from error
    except BaseException:
        os.unlink(temporary)
        raise
    sync_folder(path.parent)


def _check_replaceable(path: Path) -> None:
    """Root could put a file in the place of /dev/null, which the whole machine writes to."""
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Is a pipe or a device, not a file", str(path))


@contextmanager
def without_modes() -> Iterator[None]:
    """Let a file keep the mode it has in the block, where its file system can't give it another."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise


def sync_folder(folder: Path) -> None:
    """Make the folder's entries (creations, renames) survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as `json_text`."""
    write_atomic(path, json_text(value))


def json_text(value: Any) -> str:
    """`value` as indented JSON; NaN and infinities, which it lacks, as texts."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parsed(text: str) -> Any:
    """The value of a text of JSON.

    Raises:
        ValueError: it is none, or is nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def read_json(path: Path, *needed: str) -> Any:
    """Read a JSON file; with `needed`, one that holds an object with at least these keys.

    Raises:
        ValueError: the file is not JSON, or lacks a key; the message names it.
    """
    try:
        value = parsed(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: it is not JSON ({error})") from error
    lacking = [key for key in needed if not isinstance(value, dict) or key not in value]
    if lacking:
        raise ValueError(f"{path} is damaged: it lacks {', '.join(map(repr, lacking))}")
    return value


def finite(value: Any) -> Any:
    """`value` with non-finite floats, at any depth, as texts that `float()` reads back."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
