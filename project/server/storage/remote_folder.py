"""A run's files in one of MLflow's artifact stores that is no folder of this machine."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from project.server.errors import ApiError
from project.tracking.scrub import scrub

Spool = Callable[[], AbstractContextManager[Path]]


class RemoteFolder:
    """Files below the address `uri`, by paths with `/`; `spool` makes temporary folders.

    Each method raises an ApiError, 503, if the store fails, whatever its library raises then; the
    client tries again for a while, and later.
    """

    def __init__(self, uri: str, spool: Spool) -> None:
        with _failures():
            self._repository = _repository(uri)
        self._spool = spool

    def put(self, path: str, file: Path) -> None:
        """Send the file's content to `path`, also where there is a file already."""
        parent, _, name = path.rpartition("/")
        with self._spool() as folder, _failures():
            # The repository keeps a file's name.
            os.link(file, folder / name, follow_symlinks=False)
            self._repository.log_artifact(str(folder / name), parent or None)

    def open(self, path: str) -> BinaryIO:
        """A copy of the file on this machine, to be read, which is gone when it is closed.

        Raises:
            FileNotFoundError: it isn't there.
        """
        with self._spool() as folder:
            try:
                with _failures():
                    return open(self._repository.download_artifacts(path, str(folder)), "rb")
            except ApiError:
                # Only now: to list a large folder takes longer than to read one file.
                if self._has(path):
                    raise
                raise FileNotFoundError(errno.ENOENT, "no such file") from None

    def delete(self, path: str) -> None:
        """Delete the file, if it is there."""
        with _failures():
            self._repository.delete_artifacts(path)

    def delete_all(self) -> None:
        """Delete all files."""
        with _failures():
            self._repository.delete_artifacts()

    def _has(self, path: str) -> bool:
        with _failures():
            parent = path.rpartition("/")[0] or None
            return any(item.path == path for item in self._repository.list_artifacts(parent))


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    # Each store's library has errors of its own.
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.ENOENT):
            raise  # of this machine's own disk
        logging.getLogger(__name__).error("the artifact store failed: %s", scrub(str(error)))
        raise ApiError(503, "STORAGE_UNAVAILABLE", "the artifact store fails") from error


@lru_cache(maxsize=256)
def _repository(uri: str) -> ArtifactRepository:
    return get_artifact_repository(uri)
