"""Files of a run, wherever its artifacts are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path

from project.run_directory import CONFUSION, FIGURES, OUTCOME, PATCH, PREDICTIONS, RECORD, STAGES
from project.server.compare.visible import Run
from project.server.errors import bad_request, not_found
from project.server.settings import Settings
from project.server.storage.storage import artifact_address

# A run may have thousands of files; what is compared is among the first.
MOST = 2000
# Of a run whose files are elsewhere, what a comparison reads.
NEEDED = (RECORD, OUTCOME, STAGES, PATCH, PREDICTIONS, f"{FIGURES}/{CONFUSION}")
DEEPEST = 6


def listed(settings: Settings, run: Run) -> list[str]:
    """Paths of the run's files, at most MOST and DEEPEST folders deep."""
    repository = _repository(settings, run)
    folders, found = [("", 0)], []
    while folders and len(found) < MOST:
        folder, depth = folders.pop(0)
        for entry in repository.list_artifacts(folder or None):
            if not entry.is_dir:
                found.append(entry.path)
            elif depth < DEEPEST:
                folders.append((entry.path, depth + 1))
    return sorted(found[:MOST])


@contextmanager
def local(settings: Settings, run: Run, path: str) -> Iterator[Path]:
    """A file of the run on this machine, for as long as the context lasts.

    Raises:
        ApiError: 404, it isn't there; 400, the path leaves the run's folder.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise bad_request("that is no path of a run's file")
    with TemporaryDirectory() as folder:
        repository = _repository(settings, run)
        try:
            if urlsplit(repository.artifact_uri).scheme in ("", "file"):
                found = Path(repository.download_artifacts(path))
            else:
                found = Path(repository.download_artifacts(path, folder))
        except (MlflowException, OSError):
            raise not_found("NOT_FOUND", f"the run has no file {path!r}") from None
        if not found.is_file():
            raise not_found("NOT_FOUND", f"the run has no file {path!r}")
        yield found


def folder(settings: Settings, run: Run, into: Path) -> Path:
    """A folder with what the run's record names: its own one if that is on this machine.

    Args:
        settings: of the server.
        run: whose files.
        into: where copies are put of files that are elsewhere; in a folder for each run.
    """
    repository = _repository(settings, run)
    if urlsplit(repository.artifact_uri).scheme in ("", "file"):
        return Path(local_file_uri_to_path(repository.artifact_uri))
    place = into / run.id
    place.mkdir()
    for name in NEEDED:
        with suppress(MlflowException, OSError):
            repository.download_artifacts(name, str(place))
    return place


def text(settings: Settings, run: Run, path: str) -> str:
    """The content of a text file, as far as it is UTF-8.

    Raises:
        ApiError: 404, it isn't there.
    """
    with local(settings, run, path) as file:
        return file.read_text(encoding="utf-8", errors="replace")


def json_object(settings: Settings, run: Run, path: str) -> dict[str, Any]:
    """The JSON object in a file; anyone may have logged anything under this name.

    Raises:
        ApiError: 404, it isn't there.
    """
    try:
        content = json.loads(text(settings, run, path))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _repository(settings: Settings, run: Run) -> ArtifactRepository:
    return get_artifact_repository(artifact_address(settings, run.artifact_uri))
