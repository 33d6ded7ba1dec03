"""Archives of file sets: a checked tar.gz that comes, and a zip that goes, each as a stream."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zipfile import ZipFile, ZipInfo

from project.server.errors import ApiError, bad_request
from project.server.storage.artifact_paths import sub_path

# The client packs at most 501 files of 5 MiB together.
MAX_MEMBERS = 10_000
MAX_UNPACKED = 4 * 2**30
# A header of tar, with a long name, is read into memory at once.
MAX_READ = 2**20
PIECE = 2**20
# The zip format begins in 1980.
EARLIEST = 315_619_200_000


class Unpacked(NamedTuple):
    """One member of a tar: its proper path, and where it lies; None for a folder."""

    sub_path: str
    file: Path | None


class Source(NamedTuple):
    """What becomes a member of a zip."""

    name: str
    size: int
    changed: int  # unix ms


def unpack(archive: Path, folder: Path) -> list[Unpacked]:
    """Unpack a tar.gz into numbered files in `folder`; of members with one path, the last.

    Raises:
        ApiError: 400, it is no such archive, or has a member that is neither file nor folder, or
            with a path that leads out; 413, it is too large.
        OSError: a file can't be written.
    """
    found: dict[str, Unpacked] = {}
    try:
        with _Bounded(archive) as stream, tarfile.TarFile(fileobj=stream, mode="r") as tar:
            for number, member in enumerate(iter(tar.next, None)):
                if number >= MAX_MEMBERS:
                    raise _too_large(f"more than {MAX_MEMBERS} members")
                if member.isdir() and not member.name.strip("/."):
                    continue  # the set itself
                path = sub_path(member.name)
                found[path] = Unpacked(path, _unpack(tar, member, folder / str(number)))
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise bad_request(f"the body is no tar.gz: {error}") from None
    return list(found.values())


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> Path | None:
    if member.isdir():
        return None
    if not member.isreg() or member.sparse is not None:
        raise bad_request(f"{member.name[:200]!r} is neither a file nor a folder")
    if not 0 <= member.size <= MAX_UNPACKED:
        raise _too_large(f"a member of {member.size} bytes")
    with tar.extractfile(member) as source, to.open("wb") as file:
        shutil.copyfileobj(source, file, MAX_READ)
    if to.stat().st_size != member.size:
        raise bad_request(f"the archive ends within {member.name[:200]!r}")
    return to


class _Bounded(gzip.GzipFile):
    """What a gzip file holds, up to MAX_UNPACKED bytes, read in pieces of at most MAX_READ."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_READ:
            raise _too_large("a header that is too long")
        self._check(self.tell() + size)
        return super().read(size)

    def tell(self) -> int:
        return super().seek(0, os.SEEK_CUR)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._check(offset)
        return super().seek(offset, whence)

    def _check(self, end: int) -> None:
        if end > MAX_UNPACKED:
            raise _too_large(f"more than {MAX_UNPACKED} bytes")


def packed(
    sources: Iterator[tuple[Source, BinaryIO | None]], root: bool = False
) -> Iterator[bytes]:
    """The bytes of a zip of these files; its folders have members of their own.

    Args:
        sources: each with its open file, which is closed here; None for a folder.
        root: whether there is a member `/`, too, as the hosted service's archives have it; programs
            that unpack take it for a path that leads out.
    """
    out, folders = _Pieces(), set()
    with ZipFile(out, "w") as archive:
        if root:
            archive.writestr(_info("/", EARLIEST), b"")
        for source, file in sources:
            for folder in _folders(source.name):
                if folder not in folders:
                    folders.add(folder)
                    archive.writestr(_info(folder, source.changed), b"")
            if file is None:
                continue
            info = _info(source.name, source.changed)
            info.file_size = source.size
            with file, archive.open(info, "w") as member:
                while piece := file.read(PIECE):
                    member.write(piece)
                    yield from out.taken()
    yield from out.taken()


class _Pieces:
    """A file that can only be written to, and what was written taken away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        pass

    def taken(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return [b"".join(pieces)] if pieces else []


def _info(name: str, changed: int) -> ZipInfo:
    info = ZipInfo(name, time.gmtime(max(changed, EARLIEST) // 1000)[:6])
    # As Unix does: what it is, and that its owner may write it and all may read it.
    info.external_attr = (0o40755 if name.endswith("/") else 0o100644) << 16
    return info


def _folders(name: str) -> list[str]:
    """The folders a member is in, and the member itself if it is one."""
    parts = name.split("/")[:-1]
    return ["/".join(parts[:end]) + "/" for end in range(1, len(parts) + 1)]


def _too_large(what: str) -> ApiError:
    return ApiError(413, "CONTENT_TOO_LARGE", f"the archive has {what}")
