"""The manifest of a run's data: each file's name and hash, by which is told what changed."""

import gzip
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from project.provenance.redact import Redactor
from project.run_directory import MANIFEST

# Lines as `b3sum` writes and `b3sum --check` reads them: a backslash first if the name has escapes.
_LINE = re.compile(r"(?P<escaped>\\?)(?P<hash>[0-9a-f]{64})  (?P<name>.+)")
_MEANINGS = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}
_ESCAPES = str.maketrans({letter: escape for escape, letter in _MEANINGS.items()})


def encode(hashes: Iterable[tuple[str, str]], redactor: Redactor) -> bytes:
    """The content of the manifest; 50,000 files take some 2 MB.

    Args:
        hashes: name and BLAKE3 hash in hexadecimal of each file.
        redactor: goes over the names.
    """
    pairs = list(hashes)
    names = redactor.redact_each([name for name, _ in pairs])
    each = zip(names, (digest for _, digest in pairs), strict=True)
    text = "".join(_line(name, digest) for name, digest in each)
    # Hashes can't be compressed; to try harder only takes longer.
    return gzip.compress(text.encode("utf-8", "surrogateescape"), compresslevel=1, mtime=0)


def decode(content: bytes, most: int = 0) -> dict[str, str]:
    """Hash by name.

    Args:
        content: of the file.
        most: bytes that it may unpack to, where it is not one's own; 0: any number.
    Raises:
        ValueError: it is no manifest, or unpacks to more.
    """
    text = _unpacked(content, most).decode("utf-8", "surrogateescape")
    found = {}
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{MANIFEST} is damaged: it has a line {line[:80]!r}")
        name = match["name"]
        found[_unescaped(name) if match["escaped"] else name] = match["hash"]
    return found


def read(directory: Path) -> dict[str, str] | None:
    """Hash by name, of the data of the run in `directory`; None if they had no files of their own.

    Raises:
        ValueError: the manifest is damaged.
        OSError: it can't be read.
    """
    path = directory / MANIFEST
    return decode(path.read_bytes()) if path.exists() else None


def _unpacked(content: bytes, most: int) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(content, most)
    except zlib.error as error:
        raise ValueError(f"{MANIFEST} is damaged: {error}") from None
    if unpacking.unconsumed_tail:
        raise ValueError(f"{MANIFEST} unpacks to more than {most >> 20} MiB")
    if not unpacking.eof:
        raise ValueError(f"{MANIFEST} is damaged: it is cut off")
    return found


def _line(name: str, digest: str) -> str:
    escaped = name.translate(_ESCAPES)
    return f"{digest}  {name}\n" if escaped == name else f"\\{digest}  {escaped}\n"


def _unescaped(name: str) -> str:
    return re.sub(r"\\[\\nr]", lambda match: _MEANINGS[match[0]], name)
