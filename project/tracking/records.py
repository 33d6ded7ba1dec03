"""The journal's records: one JSON object per line, of what was logged at one time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from project.files import finite

CHUNK = 1 << 20
# What reading a line meets that nobody has written as one; nesting without end among it.
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def encode(record: dict[str, Any]) -> bytes:
    """A record's line; NaN and infinities as strings, which JSON lacks."""
    line = orjson.dumps(record)
    # orjson writes NaN and infinities as null; nothing else in a record is one.
    if b"null" in line:
        line = orjson.dumps(finite(record))
    return line + b"\n"


def read(path: Path, offset: int = 0, limit: int = CHUNK) -> tuple[list[dict[str, Any]], int]:
    """Records from byte `offset` on, in about `limit` bytes of whole lines.

    Returns:
        The records, `{"time": unix seconds, "step": int, "epoch": int, "metrics": {name: float}}`
        each, and the offset at which to go on. It equals `offset` when no more whole line is there.

    Raises:
        ValueError: a line is damaged; the message names the file and the offset.
        OSError: the file can't be read.
    """
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(limit)
        data += file.readline() if len(data) == limit else b""
    lines = data.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    records = []
    for line in lines:
        records.append(_decode(line, path, offset))
        offset += len(line)
    return records, offset


def read_all(path: Path) -> Iterator[list[dict[str, Any]]]:
    """All records, in lists of about 1 MiB; nothing if the file does not exist.

    Raises:
        ValueError: a line is damaged.
    """
    offset = 0
    while path.exists():
        records, offset = read(path, offset)
        if not records:
            return
        yield records


def _decode(line: bytes, path: Path, offset: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
        record["metrics"] = {name: float(value) for name, value in record["metrics"].items()}
    except _DAMAGE as error:
        raise ValueError(f"{path} is damaged at byte {offset}: {error}; cut it there") from error
    return record
