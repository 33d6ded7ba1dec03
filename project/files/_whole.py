"""Files that are whole or absent, whatever happens while they are written."""

import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

# What file systems without hard links say, those that have enough of a file's, and kernels that
# refuse a link to another person's file.
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_NO_LINKS += (errno.EMLINK,)


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


def linked(path: Path, name: Path) -> bool:
    """Give a file another name (a hard link), in one step, also in place of another file.

    Both are the same bytes, stored once; whoever replaces one, as `write_atomic` does, or deletes
    it leaves the other as it is.

    Returns:
        Whether it could be done: some file systems have no such links, and none leads to another.
    Raises:
        OSError: the folder can't be written.
    """
    temporary = name.with_name(f".{name.name}.{secrets.token_hex(4)}")
    try:
        os.link(path, temporary)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    try:
        os.replace(temporary, name)
    finally:
        # Where it has that name already, the other one stays.
        temporary.unlink(missing_ok=True)
    return True


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
