"""File attributes: one file each, sent whole or in parts, and downloaded."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.downloads import BYTES, PICTURES, FileResponse
from project.server.api.operation import operation
from project.server.attributes.stored import find
from project.server.containers import containers
from project.server.files import multipart, uploads
from project.server.files.attribute_files import put_file, reserve
from project.server.files.multipart import Started, Target, XRange
from project.server.files.uploads import Uploaded, answered, in_thread
from project.server.ingestion.releasing import FILE
from project.server.storage.artifact_paths import of_file
from project.server.store.values import Container

ROOT = "/api/leaderboard/v1/attributes"
UPLOAD = f"{ROOT}/storage/file/upload"


@operation("leaderboard", "POST", UPLOAD, "fileAtomUpload")
async def upload(context: Context, experimentIdentifier: str, attribute: str, ext: str) -> Uploaded:
    """The body is the attribute's file from now on."""
    container = await in_thread(containers.find, context, experimentIdentifier, Role.MEMBER)
    async with uploads.received(context) as file:
        return await in_thread(answered, put_file, context, container, attribute, ext, file)


@operation("leaderboard", "POST", f"{UPLOAD}/start", "fileAtomMultipartUploadStart")
def start(
    context: Context, experimentIdentifier: str, attribute: str, ext: str, totalLength: int
) -> Started:
    """Begin to send a file in parts."""
    container = containers.find(context, experimentIdentifier, Role.MEMBER)

    def check() -> None:
        reserve(context, container, attribute, FILE, of_file(attribute, ext))

    return multipart.begin(context, _target(container, attribute), ext, totalLength, check)


@operation("leaderboard", "POST", f"{UPLOAD}/part", "fileAtomMultipartUploadPart")
async def part(
    context: Context,
    experimentIdentifier: str,
    attribute: str,
    uploadId: str,
    uploadPartIdx: int,
    xRange: XRange,
) -> Uploaded:
    """The body is one part of the file."""
    container = await in_thread(containers.find, context, experimentIdentifier, Role.MEMBER)
    return await multipart.add(context, _target(container, attribute), uploadId, xRange)


@operation("leaderboard", "POST", f"{UPLOAD}/finish", "fileAtomMultipartUploadFinish")
def finish(context: Context, experimentIdentifier: str, attribute: str, uploadId: str) -> Uploaded:
    """All parts have come: they are the attribute's file from now on."""
    container = containers.find(context, experimentIdentifier, Role.MEMBER)
    with multipart.whole(context, _target(container, attribute), uploadId) as ready:
        if ready is None:
            return {"errors": []}
        file, ext = ready
        return answered(put_file, context, container, attribute, ext, file)


@operation("leaderboard", "GET", f"{ROOT}/download", "downloadAttribute")
def download(context: Context, attribute: str, experimentId: str) -> Response:
    """The attribute's file."""
    container = containers.find(context, experimentId, Role.VIEWER)
    row = find(context, container, attribute, FILE)
    about = orjson.loads(row.text)
    file = context.storage.open(container, row.key)
    return FileResponse(file, about["name"], PICTURES.get(about["ext"].lower(), BYTES))


def _target(container: Container, attribute: str) -> Target:
    return Target(container.id, attribute, None)
