"""The files of containers, kept where MLflow keeps and shows those of their runs."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2s
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from project.files import lock
from project.server.errors import ApiError, bad_request, not_found
from project.server.settings import Settings
from project.server.storage.local_folder import LocalFolder
from project.server.storage.remote_folder import RemoteFolder
from project.server.store.database import Database
from project.server.store.values import Container
from project.tracking.mlflow.locations import now_at
from project.tracking.mlflow.settings import embedded_uri

# What is left of an upload that nobody has gone on with for so long is deleted, in seconds.
ABANDONED = 24 * 3600
# Containers share so many lock files.
LOCKS = 64
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
IN_THE_WAY = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP)


class Storage:
    """Puts, reads and deletes files by their path below a container's artifacts."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self.folder = settings.folder("uploads")
        self.sweep()

    def put(self, container: Container, path: str, file: Path) -> None:
        """Store the content of `file`, which stays, at `path`, in place of what is there.

        Raises:
            ApiError: 507, the disk is full; 409, something else is in the way. What was there is.
        """
        with disk_errors():
            self._folder(container).put(_checked(path), file)

    def open(self, container: Container, path: str) -> BinaryIO:
        """The file at `path`, to be read; it stays whole also if it is replaced or deleted.

        Raises:
            ApiError: 404, it isn't there.
        """
        with disk_errors():
            return self._folder(container).open(_checked(path))

    def delete(self, container: Container, path: str) -> None:
        """Delete the file at `path`, if it is there."""
        with disk_errors():
            self._folder(container).delete(_checked(path))

    def delete_all(self, container: Container) -> None:
        """Delete all files of the container, those that MLflow's own clients have put there too."""
        with self.changing(container.id), disk_errors():
            self._folder(container).delete_all()

    @contextmanager
    def changing(self, container_id: str) -> Iterator[None]:
        """Hold the files of a container, so that no other request or worker changes them.

        A transaction may be begun inside, never the other way round.
        """
        digest = blake2s(container_id.encode(), digest_size=4).digest()
        folder = self._settings.folder("locks")
        with lock(folder / f"{int.from_bytes(digest) % LOCKS}"):
            yield

    @contextmanager
    def spool(self) -> Iterator[Path]:
        """A temporary folder of the server's own."""
        with disk_errors():
            folder = Path(tempfile.mkdtemp(prefix="spool-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def sweep(self) -> None:
        """Delete what abandoned uploads, and a server that was killed, have left."""
        before = time.time() - ABANDONED
        for path in self.folder.iterdir():
            if _last_change(path) < before:
                shutil.rmtree(path, ignore_errors=True)  # another worker may be at it

    def _folder(self, container: Container) -> LocalFolder | RemoteFolder:
        uri = artifact_address(self._settings, container.artifact_uri)
        if is_local_uri(uri, is_tracking_or_registry_uri=False):
            return LocalFolder(Path(local_file_uri_to_path(uri)))
        return RemoteFolder(uri, self.spool)


def artifact_address(settings: Settings, uri: str) -> str:
    """Where the artifacts that MLflow calls `uri` are kept."""
    if not uri.startswith("mlflow-artifacts:"):
        beside = Path(settings.artifacts).parent
        # The embedded store's folder may have another name for who has made the run.
        return now_at(uri, beside) if settings.store == embedded_uri(beside) else uri
    # What clients reach through this server is its own destination.
    return f"{settings.artifacts.rstrip('/')}/{urlsplit(uri).path.strip('/')}"


def _checked(path: str) -> str:
    """The path itself: artifact_paths.py makes them; this is the last door.

    Raises:
        ApiError: 400, it leads elsewhere.
    """
    if any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise bad_request(f"{path[:200]!r} is no path of a file")
    return path


@contextmanager
def disk_errors() -> Iterator[None]:
    """What a disk may answer for reasons of its own, as answers to the request.

    Raises:
        ApiError: 507, it is full; 409, something is in the way; 404, there is no such file; 400,
            it can't keep such a name.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise ApiError(507, "INSUFFICIENT_STORAGE", "the server's disk is full") from error
        if error.errno in IN_THE_WAY:
            raise ApiError(409, "FILE_CONFLICT", "something else has this file's place") from error
        if error.errno == errno.ENOENT:
            raise not_found("FILE_NOT_FOUND", "there is no such file") from error
        if error.errno == errno.ENAMETOOLONG:
            raise bad_request("the name is too long for the server's disk") from error
        raise


def _last_change(path: Path) -> float:
    """When the folder, or a file in it, was last changed; now if it has just been deleted."""
    try:
        times = [entry.stat().st_mtime for entry in os.scandir(path)]
        return max([path.stat().st_mtime, *times])
    except FileNotFoundError:
        return time.time()
