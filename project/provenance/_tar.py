"""A gzipped tar of plain files, read in one pass and in little memory; nothing is reinterpreted.

Python's `tarfile` reads what a header announces into memory, follows headers without bound, and
gives meaning to many kinds of entries; an archive of a run has two: plain files, and the extended
headers that carry a file's long name, large size or exact time.
"""

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_BLOCK, _RECORD = 512, 64 * 1024  # the latter bounds headers, and the zeros at the end
_KEYS = {"path", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname"}
_LENGTH = re.compile(rb"([0-9]{1,6}) ")
_SIZE = re.compile(rb"[0-9]{1,19}\n")
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder",
    tarfile.FIFOTYPE: "a FIFO",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


def walk(archive: Path) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Name, size in bytes and content of each file, in order; content that is not taken is skipped.

    A size is told before any of the content is decompressed.

    Raises:
        ValueError: the archive is none, is damaged, or holds anything but plain files.
        OSError: it can't be read.
    """
    if not archive.is_file() and archive.exists():
        raise ValueError(f"{archive} is no exported run: it is no file")
    with _told(archive), gzip.open(archive) as stream:
        while (entry := _entry(stream)) is not None:
            content = _content(archive, stream, entry[1])
            yield *entry, content
            for _ in content:
                pass
            _exactly(stream, -entry[1] % _BLOCK)
        _check_end(stream)


@contextmanager
def _told(archive: Path) -> Iterator[None]:
    """Whatever damage is met while reading, told alike."""
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, UnicodeError) as error:
        raise ValueError(f"{archive} is no exported run, or is damaged: {error}") from error


def _entry(stream: IO[bytes]) -> tuple[str, int] | None:
    block, extended = _exactly(stream, _BLOCK), {}
    if not any(block):
        return None
    head = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    if head.type == tarfile.XHDTYPE:
        if not 0 <= head.size <= _RECORD:
            raise tarfile.ReadError(f"it has a header of {head.size} bytes")
        extended = _extended(_exactly(stream, head.size))
        _exactly(stream, -head.size % _BLOCK)
        head = tarfile.TarInfo.frombuf(_exactly(stream, _BLOCK), "utf-8", "strict")
    if head.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        kind = _KINDS.get(head.type, f"an entry of type {head.type!r}")
        raise tarfile.ReadError(f"{head.name[:200]!r} is {kind}; a run has plain files only")
    size = int(extended.get("size", head.size))
    if size < 0:
        raise tarfile.ReadError(f"{head.name[:200]!r} has {size} bytes")
    return extended.get("path", head.name), size


def _extended(data: bytes) -> dict[str, str]:
    """The records of an extended header: `LENGTH KEY=VALUE` and a line's end each."""
    found: dict[str, str] = {}
    while data:
        length = int(match[1]) if (match := _LENGTH.match(data)) else 0
        record = data[:length]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if len(record) != length or not equals or not record.endswith(b"\n"):
            raise tarfile.ReadError("it has an extended header that is none")
        name = key.decode()
        if name not in _KEYS or name in found or (name == "size" and not _SIZE.fullmatch(value)):
            raise tarfile.ReadError(f"it has an extended header {record[:80]!r}")
        found[name] = value[:-1].decode()
        data = data[length:]
    return found


def _content(archive: Path, stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        # Whoever takes the content is outside of `walk`.
        with _told(archive):
            chunk = _exactly(stream, min(size, 1 << 20))
        size -= len(chunk)
        yield chunk


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise EOFError("it ends too early")
        data += more
    return data


def _check_end(stream: IO[bytes]) -> None:
    """After the first block of zeros come more zeros, and the checksum of all that was read."""
    rest = stream.read(_RECORD)
    while more := stream.read(_RECORD):
        rest += more
        if len(rest) > _RECORD:
            break
    if len(rest) > _RECORD or any(rest):
        raise tarfile.ReadError("something follows its end")
