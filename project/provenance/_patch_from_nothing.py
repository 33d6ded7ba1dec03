"""A patch that makes an empty folder hold some files, as git writes it, without git."""

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

_PLAIN = re.compile(rb"[\x20-\x7e]*")
_ESCAPES = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 34: b'"', 92: b"\\"}
# How many bytes stand in a line of base85.
_WIDTH = 52


def from_nothing(root: Path, files: list[str]) -> bytes:
    """The patch for these files of `root`; symbolic links stay links.

    Raises:
        OSError: a file can't be read.
    """
    return b"".join(_part(root / name, os.fsencode(name)) for name in sorted(files))


def _part(path: Path, name: bytes) -> bytes:
    mode, content = _content(path)
    old, new = _quoted(b"a/" + name), _quoted(b"b/" + name)
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    head = b"diff --git %s %s\nnew file mode %s\n" % (old, new, mode)
    head += b"index %s..%s\n" % (b"0" * 40, blob.encode())
    if not content:
        return head
    if b"\0" in content:
        return head + b"GIT binary patch\n" + b"".join(_binary(content))
    # What follows a name with a blank could be taken for a time.
    names = b"--- /dev/null\n+++ %s%s\n" % (new, b"\t" if b" " in new else b"")
    return head + names + _added(content)


def _content(path: Path) -> tuple[bytes, bytes]:
    if path.is_symlink():
        return b"120000", os.fsencode(os.readlink(path))
    mode = b"100755" if os.access(path, os.X_OK) else b"100644"
    return mode, path.read_bytes()


def _added(content: bytes) -> bytes:
    lines = content.split(b"\n")
    ended = lines[-1] == b""
    if ended:
        lines.pop()
    count = b"" if len(lines) == 1 else b",%d" % len(lines)
    body = b"".join(b"+" + line + b"\n" for line in lines)
    return (
        b"@@ -0,0 +1%s @@\n" % count + body + (b"" if ended else b"\\ No newline at end of file\n")
    )


def _binary(content: bytes) -> Iterator[bytes]:
    """Both ways of a binary patch: the new content, and that there was none."""
    for data in (content, b""):
        yield b"literal %d\n" % len(data)
        packed = zlib.compress(data, 1)
        for at in range(0, len(packed), _WIDTH):
            piece = packed[at : at + _WIDTH]  # noqa: E203
            length = len(piece) + (64 if len(piece) <= 26 else 70)
            yield bytes([length]) + base64.b85encode(piece, pad=True) + b"\n"
        yield b"\n"


def _quoted(name: bytes) -> bytes:
    if _PLAIN.fullmatch(name) and b'"' not in name and b"\\" not in name:
        return name
    letters = (_escaped(byte) for byte in name)
    return b'"' + b"".join(letters) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in _ESCAPES:
        return b"\\" + _ESCAPES[byte]
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte
