"""Files that come for file sets: one, one in parts, or many in an archive."""

from __future__ import annotations

from pathlib import Path

from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.operation import operation
from project.server.containers import containers
from project.server.files import archives, multipart, uploads
from project.server.files.attribute_files import Arrival, put_members, reserve
from project.server.files.multipart import Started, Target, XRange
from project.server.files.uploads import Uploaded, answered, in_thread
from project.server.ingestion.releasing import FILE_SET
from project.server.storage.artifact_paths import of_folder, sub_path
from project.server.storage.storage import disk_errors
from project.server.store.values import Container

ROOT = "/api/leaderboard/v1/attributes"
UPLOAD = f"{ROOT}/storage/fileset/upload"


@operation("leaderboard", "POST", UPLOAD, "fileSetFileUpload")
async def upload(
    context: Context, experimentIdentifier: str, attribute: str, subPath: str
) -> Uploaded:
    """The body is a file of the set from now on."""
    proper = sub_path(subPath)
    container = await in_thread(containers.find, context, experimentIdentifier, Role.MEMBER)
    async with uploads.received(context) as file:
        arrived = [Arrival(proper, file)]
        return await in_thread(answered, put_members, context, container, attribute, arrived)


@operation("leaderboard", "POST", f"{UPLOAD}/start", "fileSetFileMultipartUploadStart")
def start(
    context: Context, experimentIdentifier: str, attribute: str, subPath: str, totalLength: int
) -> Started:
    """Begin to send a file of the set in parts."""
    container = containers.find(context, experimentIdentifier, Role.MEMBER)

    def check() -> None:
        reserve(context, container, attribute, FILE_SET, of_folder(attribute))

    target = _target(container, attribute, subPath)
    return multipart.begin(context, target, "", totalLength, check)


@operation("leaderboard", "POST", f"{UPLOAD}/part", "fileSetFileMultipartUploadPart")
async def part(
    context: Context,
    experimentIdentifier: str,
    attribute: str,
    subPath: str,
    uploadId: str,
    uploadPartIdx: int,
    xRange: XRange,
) -> Uploaded:
    """The body is one part of the file."""
    container = await in_thread(containers.find, context, experimentIdentifier, Role.MEMBER)
    return await multipart.add(context, _target(container, attribute, subPath), uploadId, xRange)


@operation("leaderboard", "POST", f"{UPLOAD}/finish", "fileSetFileMultipartUploadFinish")
def finish(
    context: Context, experimentIdentifier: str, attribute: str, subPath: str, uploadId: str
) -> Uploaded:
    """All parts have come: they are a file of the set from now on."""
    container = containers.find(context, experimentIdentifier, Role.MEMBER)
    target = _target(container, attribute, subPath)
    with multipart.whole(context, target, uploadId) as ready:
        if ready is None:
            return {"errors": []}
        arrived = [Arrival(target.sub_path, ready[0])]
        return answered(put_members, context, container, attribute, arrived)


@operation("leaderboard", "POST", f"{ROOT}/uploadFileSetTar", "uploadFileSetAttributeTar")
async def upload_tar(
    context: Context, attribute: str, experimentId: str, reset: bool = False
) -> Uploaded:
    """The body is a tar.gz of files for the set; with `reset`, of all that it has then."""
    container = await in_thread(containers.find, context, experimentId, Role.MEMBER)
    async with uploads.received(context) as archive:
        return await in_thread(_unpack, context, container, attribute, archive, reset)


def _unpack(
    context: Context, container: Container, attribute: str, archive: Path, reset: bool
) -> Uploaded:
    with context.storage.spool() as folder:
        with disk_errors():
            members = archives.unpack(archive, folder)
        arrived = [Arrival(*member) for member in members]
        return answered(put_members, context, container, attribute, arrived, reset)


def _target(container: Container, attribute: str, path: str) -> Target:
    return Target(container.id, attribute, sub_path(path))
