"""Secrets out of a git patch: text line by line, a binary file that holds one left out whole."""

import base64
import re
import zlib
from typing import NamedTuple

from project.provenance.redact import Redactor

# Lines inside a file's diff begin with a blank, +, -, \, @ or (base85) hold no blank.
FILE = re.compile(rb"^(?=diff --git )", re.MULTILINE)
_BINARY = re.compile(rb"^(literal|delta) \d+\n((?:[A-Za-z][^\n]+\n)+)", re.MULTILINE)


class CleanPatch(NamedTuple):
    """A patch without secrets, and the file names of what that changed and what it left out."""

    patch: bytes
    changed: list[str]
    left_out: list[str]


def clean_patch(patch: bytes, redactor: Redactor) -> CleanPatch:
    """Redact each file's part of a `git diff --binary`; a part without secrets stays as it is."""
    kept, changed, left_out = [], [], []
    for part in FILE.split(patch):
        # Base85 holds any letters, so only what it stands for can be searched.
        binary = b"\nGIT binary patch\n" in part
        if binary and any(has_secret(content, redactor) for content in _contents(part)):
            left_out.append(name_of(part))
            continue
        clean = part if binary else redactor.redact_bytes(part)
        if clean != part:
            changed.append(name_of(part))
        kept.append(clean)
    return CleanPatch(b"".join(kept), changed, left_out)


def has_secret(content: bytes, redactor: Redactor) -> bool:
    """Whether a file's content holds what `redactor` would replace."""
    # Without its zero bytes, UTF-16 reads like ASCII.
    return any(redactor.redact_bytes(c) != c for c in {content, content.replace(b"\0", b"")})


def _contents(part: bytes) -> list[bytes]:
    """What a binary diff adds and takes away."""
    found = []
    for kind, lines in _BINARY.findall(part):
        data = zlib.decompress(b"".join(map(_decode, lines.splitlines())))
        found.append(data if kind == b"literal" else _inserted(data))
    return found


def _decode(line: bytes) -> bytes:
    """A line of git's base85: its first letter is the length, A-Z for 1 to 26, a-z for 27 to 52."""
    length = line[0] - (64 if line[0] < 97 else 70)
    return base64.b85decode(line[1:])[:length]


def _inserted(delta: bytes) -> bytes:
    """The literal bytes of a git delta (gitformat-pack: two sizes, then copies and insertions)."""
    at, found = 0, bytearray()
    for _ in range(2):
        while delta[at] & 0x80:
            at += 1
        at += 1
    while at < len(delta):
        code = delta[at]
        at += 1
        if code & 0x80:
            at += (code & 0x7F).bit_count()
        else:
            at, start = at + code, at
            found += delta[start:at]
    return bytes(found)


def name_of(part: bytes) -> str:
    """The file that one file's part of a patch is about."""
    first = part.split(b"\n", 1)[0].decode(errors="replace")
    return re.split(r' "?b/', first)[-1].rstrip('"')
