"""File sets: what is in them, and all of it as a zip."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, TypedDict

import orjson
from starlette.responses import Response, StreamingResponse

from project.server.api import downloads
from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.api.properties import iso
from project.server.attributes.stored import find
from project.server.containers import containers
from project.server.errors import not_found
from project.server.files import archives
from project.server.files.archives import Source
from project.server.ingestion.releasing import FILE_SET
from project.server.storage import set_members
from project.server.storage.artifact_paths import within
from project.server.storage.set_members import Member
from project.server.store.values import Container, Row

ROOT = "/api/leaderboard/v1"
CLIENT = "neptune-client/"  # how it names itself
DOWNLOAD = f"{ROOT}/download/downloadFile"


class FileEntry(TypedDict):
    """A file or folder directly in a folder of a set."""

    name: str
    size: int
    mtime: datetime
    fileType: str


class DownloadRequest(TypedDict):
    """A download that is prepared; its address, once it is ready."""

    id: str
    downloadUrl: str | None


@operation("leaderboard", "GET", f"{ROOT}/attributes/ls", "lsFileSetAttribute")
def ls(context: Context, attribute: str, experimentId: str, path: str) -> list[FileEntry]:
    """What is directly in the folder `path` of the set; its top is the empty path."""
    container = containers.find(context, experimentId, Role.VIEWER)
    find(context, container, attribute, FILE_SET)
    folder = path.replace("\\", "/").strip("/")
    start = "" if folder in ("", ".") else f"{folder}/"
    with context.database.read() as connection:
        members = set_members.read(connection, container.id, attribute)
    found = _entries([member for member in members if member.file.startswith(start)], start)
    if start and not any(member.file.startswith(start) for member in members):
        raise not_found("FILE_NOT_FOUND", f"there is no folder {path[:200]!r} in the set")
    return [entry | {"mtime": iso(entry["mtime"])} for entry in found.values()]


@operation(
    "leaderboard",
    "POST",
    f"{ROOT}/attributes/downloadFileSetZipRequest",
    "prepareForDownloadFileSetAttributeZip",
)
def prepare(context: Context, attribute: str, experimentId: str) -> DownloadRequest:
    """Ask for a zip of the set. It is packed as it is sent, so nothing is to be waited for."""
    container = containers.find(context, experimentId, Role.VIEWER)
    find(context, container, attribute, FILE_SET)
    named = orjson.dumps([container.id, attribute])
    return {"id": base64.urlsafe_b64encode(named).decode(), "downloadUrl": None}


@operation("leaderboard", "GET", f"{ROOT}/download/downloadRequest", "getDownloadPrepareRequest")
def poll(context: Context, id: str) -> DownloadRequest:
    """Where the zip is."""
    _asked(context, id)
    return {"id": id, "downloadUrl": f"{context.settings.url}{DOWNLOAD}?id={id}"}


@operation("leaderboard", "GET", DOWNLOAD, "download")
def download(context: Context, id: str) -> Response:
    """The zip of a file set."""
    container, row = _asked(context, id)
    with context.database.read() as connection:
        members = set_members.read(connection, container.id, row.path)
    # Its own tests expect all that the hosted service's had.
    neptune = context.request.headers.get("user-agent", "").startswith(CLIENT)
    pieces = archives.packed(_sources(context, container, row, members), root=neptune)
    name = f"{row.path.rpartition('/')[2]}.zip"
    return StreamingResponse(pieces, headers=downloads.headers(name), media_type="application/zip")


def _asked(context: Context, id: str) -> tuple[Container, Row]:
    """The set that a download's id names; it is no secret, so the account is checked again."""
    try:
        container_id, path = orjson.loads(base64.urlsafe_b64decode(id))
        if type(container_id) is not str or type(path) is not str:
            raise ValueError("no names")
    except (binascii.Error, ValueError):
        raise not_found("DOWNLOAD_NOT_FOUND", "there is no such download") from None
    container = containers.find(context, container_id, Role.VIEWER)
    return container, find(context, container, path, FILE_SET)


def _sources(
    context: Context, container: Container, row: Row, members: list[Member]
) -> Iterator[tuple[Source, BinaryIO | None]]:
    for member in members:
        file = None
        if not member.is_folder:
            file = context.storage.open(container, within(row.key, member.file))
        yield Source(member.file, member.size, member.changed), file


def _entries(members: list[Member], start: str) -> dict[str, dict[str, Any]]:
    """What is directly below `start`, by name; of a folder, all that is in it counts."""
    found: dict[str, dict[str, Any]] = {}
    for member in members:
        name, slash, _ = member.file.removeprefix(start).partition("/")
        if not name:
            continue
        entry = found.setdefault(
            name,
            {"name": name, "size": 0, "mtime": 0, "fileType": "directory" if slash else "file"},
        )
        entry["size"] += member.size
        entry["mtime"] = max(entry["mtime"], member.changed)
    return found
