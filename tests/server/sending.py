"""Files as a client sends them, and what then lies in the store, for tests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from project.server.settings import Settings
from tests.server.batches import ROOT, Run

FILE = f"{ROOT}/attributes/storage/file/upload"
SET = f"{ROOT}/attributes/storage/fileset/upload"
TAR = f"{ROOT}/attributes/uploadFileSetTar"


def send_file(run: Run, path: str, content: Any, ext: str = "bin", **options: Any) -> Any:
    """The response to a file for the attribute."""
    params = {"experimentIdentifier": run.id, "attribute": path, "ext": ext}
    return run.client.post(FILE, params=params, content=content, **options)


def send_member(run: Run, path: str, sub_path: str, content: bytes) -> Any:
    """The response to a file for the file set."""
    params = {"experimentIdentifier": run.id, "attribute": path, "subPath": sub_path}
    return run.client.post(SET, params=params, content=content)


def send_tar(run: Run, path: str, content: bytes, reset: bool = False) -> Any:
    """The response to an archive for the file set."""
    params = {"experimentId": run.id, "attribute": path, "reset": str(reset)}
    return run.client.post(TAR, params=params, content=content)


def packed(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    """A tar.gz of files, given as (name, content), and of other members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def download(run: Run, path: str) -> Any:
    """The response to a download of the file attribute."""
    params = {"experimentId": run.id, "attribute": path}
    return run.client.get(f"{ROOT}/attributes/download", params=params)


def folder_of(run: Run) -> Path:
    """Where the run's files are."""
    settings = Settings.from_environment()
    found = list(Path(settings.artifacts).glob(f"*/{run.id.replace('-', '')}/artifacts"))
    return found[0] if found else Path(settings.artifacts) / "none"


def stored(run: Run) -> dict[str, bytes]:
    """What lies in the store for the run: content by path."""
    folder = folder_of(run)
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def spooled() -> list[str]:
    """Bodies of requests that are in the server's own folder, which goes with each of them."""
    folder = Settings.from_environment().folder("uploads")
    return sorted(path.name for path in folder.glob("spool-*"))


def everything(settings: Settings) -> set[str]:
    """All files around the store, but those of the database and of locks."""
    root = Path(settings.artifacts).parent
    locks = settings.folder("locks")
    files = (path for path in root.rglob("*") if path.is_file() and path.parent != locks)
    return {p.relative_to(root).as_posix() for p in files if not p.name.startswith("mlflow.db")}
