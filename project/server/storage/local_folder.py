"""A run's files in a folder of this machine, where no link leads out of it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from project.server.storage.artifact_paths import HIDDEN

# Errors of a disk that has no hard links, or of two disks.
NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class LocalFolder:
    """Files below `root`, by paths with `/`.

    Every folder on the way is opened below the one before and may not be a symbolic link, so that
    what a path leads to is below `root` also while somebody changes folders.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, file: Path) -> None:
        """Give the file's content the name `path`, in one step, also where there is one already.

        Raises:
            OSError: it can't be written, and what was there still is.
        """
        with self._folder(path, make=True) as (folder, name):
            temporary = f"{HIDDEN}{uuid4().hex}"
            try:
                _link(file, temporary, folder)
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                # After a rename onto the same file, it is still there.
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)
            os.fsync(folder)

    def open(self, path: str) -> BinaryIO:
        """The file, to be read.

        Raises:
            OSError: it isn't there, or is no file.
        """
        with self._folder(path) as (folder, name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            return open(os.open(name, flags, dir_fd=folder), "rb")

    def delete(self, path: str) -> None:
        """Delete the file, if it is there, and the folders it leaves empty."""
        absent = suppress(FileNotFoundError, NotADirectoryError)
        with absent, self._folder(path) as (folder, name):
            os.unlink(name, dir_fd=folder)
        parent, _, _ = path.rpartition("/")
        while parent:
            try:
                with self._folder(parent) as (folder, name):
                    os.rmdir(name, dir_fd=folder)
            except OSError:  # it has other files, or is gone
                return
            parent, _, _ = parent.rpartition("/")

    def delete_all(self) -> None:
        """Delete the folder with all that is in it; of links, only themselves."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root)

    @contextmanager
    def _folder(self, path: str, make: bool = False) -> Iterator[tuple[int, str]]:
        """The open folder in which `path` is, and its name there."""
        *parents, name = path.split("/")
        if make:
            self._root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._root, FOLDER)
        try:
            for part in parents:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                inner = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle, name
        finally:
            os.close(handle)


def _link(file: Path, name: str, folder: int) -> None:
    """Give the file another name in the folder; on another disk, copy it."""
    try:
        os.link(file, name, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with (
            open(file, "rb") as source,
            open(os.open(name, flags, 0o666, dir_fd=folder), "wb") as copy,
        ):
            shutil.copyfileobj(source, copy, 2**20)
            copy.flush()
            os.fsync(copy.fileno())
