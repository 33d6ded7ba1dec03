"""What a file that should hold a checkpoint is, told by its bytes before anything is loaded."""

import codecs
import re
import stat
import struct
import zipfile
from pathlib import Path
from typing import IO

_ZIP, _END = b"PK\x03\x04", b"PK\x05\x06"
_END_SIZE, _LONGEST_COMMENT = 22, 65_535
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFCHR: "a device"}
# How files begin that people take for checkpoints.
_OTHERS = {
    b"\x1f\x8b": "is gzipped; an exported run is taken in by `python -m project.runs import`",
    b"\x89HDF": "is an HDF5 file, no checkpoint of this project",
    b"version https://git-lfs": "only points to a file of Git LFS; `git lfs pull` brings it",
    b"\x80": "is a pickle, which could run code: it is not read, and no checkpoint of this project",
}


def check(path: Path) -> None:
    """Refuse what torch would take for something else, follow, or explain in ten lines.

    Raises:
        ValueError: it is no file, is cut off or damaged, or is something else; the message says.
        OSError: it can't be read.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no plain file")
        raise ValueError(f"{path} is {kind}, no checkpoint; give a run or a .pt file")
    with path.open("rb") as file:
        if fault := _fault(file, path.stat().st_size):
            raise ValueError(f"{path} {fault}")


def checksum_fault(path: Path, part: str = "") -> str | None:
    """Whether the bytes are not those of which the archive has checksums; None if they are.

    Args:
        path: of a file that `check` has passed.
        part: how the names of those that count end; by default all do.
    Raises:
        OSError: it can't be read.
    """
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            try:
                with archive.open(entry) as file:
                    while entry.filename.endswith(part) and file.read(1 << 20):
                        pass
            except (zipfile.BadZipFile, EOFError):
                return "its checksum is wrong"
    return None


def _fault(file: IO[bytes], size: int) -> str | None:
    head = file.read(4096)
    if not head:
        return "is empty"
    if not head.startswith(_ZIP[: len(head)]):
        return _other(head)
    file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    return _end_fault(file.read(), size) or _archive_fault(file, size)


def _other(head: bytes) -> str:
    for start, fault in _OTHERS.items():
        if head.startswith(start):
            return fault
    try:
        # A character may be cut in two where `head` ends.
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
        is_text = re.sub(r"[\r\n\t]", "", text).isprintable()
    except UnicodeDecodeError:
        is_text = False
    return f"is {'text' if is_text else 'of another kind'}, no checkpoint of this project"


def _end_fault(tail: bytes, size: int) -> str | None:
    """A checkpoint's list of contents comes last, and after it 22 bytes that say where it is."""
    at = tail.rfind(_END)
    if at < 0:
        return f"is cut off: after {size:,} bytes its end is missing"
    there = len(tail) - at
    comment = struct.unpack_from("<H", tail, at + 20)[0] if there >= _END_SIZE else 0
    lacking = _END_SIZE + comment - there
    if lacking > 0:
        return (
            f"is cut off: the last {'byte is' if lacking == 1 else f'{lacking} bytes are'} missing"
        )
    if lacking < 0:
        more = f"{-lacking:,} byte{'s' * (lacking < -1)}"
        return f"is not what was written: it goes on for {more} after its end"
    return None


def _archive_fault(file: IO[bytes], size: int) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, struct.error) as error:
        return f"is damaged: {error}"
    before = min((entry.header_offset for entry in entries), default=0)
    if before < 0:
        return "is damaged: its list of contents is not where it says"
    if before:
        return f"is not what was written: {before:,} bytes stand before its beginning"
    names = {entry.filename.rpartition("/")[2] for entry in entries}
    if "constants.pkl" in names:
        return "is a TorchScript archive, no checkpoint of this project"
    if "data.pkl" not in names:
        return "is a zip archive, no checkpoint of this project"
    # torch would unpack without bound what it never packs itself.
    if any(e.compress_type != zipfile.ZIP_STORED for e in entries):
        return "is compressed, which no checkpoint of this project is"
    if sum(entry.file_size for entry in entries) > size:
        return f"is damaged: its parts are larger than its {size:,} bytes"
    return None
