"""A run's files in one of MLflow's artifact stores that is no folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

Spool = Callable[[], AbstractContextManager[Path]]


class RemoteFolder:
    """Files below the address `uri`, by paths with `/`; `spool` makes temporary folders."""

    def __init__(self, uri: str, spool: Spool) -> None:
        self._repository, self._spool = _repository(uri), spool

    def put(self, path: str, file: Path) -> None:
        """Send the file's content to `path`, also where there is a file already."""
        parent, _, name = path.rpartition("/")
        with self._spool() as folder:
            # The repository keeps a file's name.
            os.link(file, folder / name, follow_symlinks=False)
            self._repository.log_artifact(str(folder / name), parent or None)

    def open(self, path: str) -> BinaryIO:
        """A copy of the file on this machine, to be read, which is gone when it is closed."""
        with self._spool() as folder:
            return open(self._repository.download_artifacts(path, str(folder)), "rb")

    def delete(self, path: str) -> None:
        """Delete the file, if it is there."""
        self._repository.delete_artifacts(path)

    def delete_all(self) -> None:
        """Delete all files."""
        self._repository.delete_artifacts()


@lru_cache(maxsize=256)
def _repository(uri: str) -> ArtifactRepository:
    return get_artifact_repository(uri)
