"""Image series: pictures stored before their entries are written, and read again.

A picture's file is named by its time and content, not by its number in the series, which is known
only within the transaction: so no transaction waits for an artifact store, and an entry that comes
again is stored in the same place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import orjson
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.ingestion.assign import TypeConflict
from project.server.ingestion.lines import Lines
from project.server.ingestion.releasing import IMAGES
from project.server.ingestion.values import BAD_SERIES, Fault, Log, Operation, OperationError, Point
from project.server.storage import artifact_paths
from project.server.storage.artifact_paths import ARTIFACT
from project.server.storage.storage import disk_errors
from project.server.store.tables import attributes
from project.server.store.values import Container, Row

# The first bytes of the pictures that browsers show; the third is GIF's, of two kinds.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
}


@dataclass
class Pictures(Lines):
    """The image series of one container, written to by one batch whose pictures are stored.

    Attributes:
        dropped: files of pictures that were stored, but have no entry.
    """

    type = IMAGES
    dropped: list[str] = field(default_factory=list)

    def log(self, path: str, given: list[Point]) -> None:
        """Add entries, whose values are what `stored` has made of them.

        Raises:
            TypeConflict: the attribute is there with another type.
        """
        try:
            row = self.attributes.have(path, IMAGES)
        except TypeConflict:
            self.dropped += map(_file_of, given)
            raise
        if given and row.key is None:
            row.key, row.shown_as = _file_of(given[0]).rpartition("/")[0], ARTIFACT
        super().log(path, given)

    def clear(self, row: Row) -> None:
        """Remove all entries; their files are released by whoever calls."""
        self.dropped += map(_file_of, self._pending.get(row.path, []))
        super().clear(row)


@contextmanager
def stored(
    context: Context, container: Container, operations: list[Operation]
) -> Iterator[tuple[list[Operation], list[OperationError]]]:
    """The operations with their pictures stored, and what is wrong with those that could not be.

    The container's files are held until the block ends: the transaction stands inside, and
    `releasing.discard` may only be called after it.

    Raises:
        ApiError: 507, the disk is full.
    """
    if not any(_has_pictures(item) for item in operations):
        yield operations, []
        return
    faults: list[Fault] = []
    with context.storage.changing(container.id):
        with context.storage.spool() as folder:
            found = [
                _store(context, container, folder, item, faults) if _has_pictures(item) else item
                for item in operations
            ]
        yield found, [fault.error for fault in faults]


def files_of(operations: list[Operation]) -> list[str]:
    """Where the pictures of all entries are, whose values `stored` has made."""
    logs = (item for item in operations if _has_pictures(item))
    return [_file_of(point) for item in logs for point in item.points]


def _has_pictures(item: Operation) -> bool:
    return isinstance(item, Log) and item.type == IMAGES and bool(item.points)


def _store(
    context: Context, container: Container, spool: Path, item: Log, faults: list[Fault]
) -> Log:
    folder, points = _folder(context, container, item.path), []
    for point in item.points:
        try:
            content = _decoded(item.path, point)
        except Fault as fault:
            faults.append(fault)
            continue
        digest = blake2b(content, digest_size=8).hexdigest()
        path = f"{folder}/{point.timestamp}-{digest}.{_suffix(content)}"
        with disk_errors():
            (spool / "picture").write_bytes(content)
        context.storage.put(container, path, spool / "picture")
        (spool / "picture").unlink()
        about = {key: point.value[key] for key in ("name", "description")}
        value = orjson.dumps({"file": path, **about}).decode()
        points.append(point._replace(value=value))
    return replace(item, points=points)


def _folder(context: Context, container: Container, path: str) -> str:
    here = (attributes.c.container_id == container.id) & (attributes.c.path == path)
    query = sa.select(attributes.c.key).where(here, attributes.c.type == IMAGES)
    wanted = artifact_paths.of_folder(path)
    with context.database.read() as connection:
        known = connection.execute(query).scalar()
        return known or artifact_paths.free(connection, container.id, path, wanted)


def _decoded(path: str, point: Point) -> bytes:
    try:
        content = base64.b64decode(point.value["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(BAD_SERIES, f"{path}: the image is no base64: {error}") from None
    if not content:
        raise Fault(BAD_SERIES, f"{path}: the image is empty, or too large for the client")
    return content


def _suffix(content: bytes) -> str:
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    known = (ext for signature, ext in SIGNATURES.items() if content.startswith(signature))
    return next(known, "bin")


def _file_of(point: Point) -> str:
    return orjson.loads(point.value)["file"]
