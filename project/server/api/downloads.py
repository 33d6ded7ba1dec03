"""Files as responses: streamed, and never taken for a page of this server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.responses import StreamingResponse

PIECE = 2**20
# Pictures that can't hold a script; all else is bytes.
PICTURES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}
BYTES = "application/octet-stream"
# The longest name that disks take, in bytes.
MOST = 255


class FileResponse(StreamingResponse):
    """An open file as an attachment; it is closed however the request ends."""

    def __init__(self, file: BinaryIO, name: str, media_type: str) -> None:
        self._file = file
        length = {"Content-Length": str(os.fstat(file.fileno()).st_size)}
        super().__init__(_pieces(file), headers=headers(name) | length, media_type=media_type)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def headers(name: str) -> dict[str, str]:
    """Headers of something to be saved under `name`, whatever a browser makes of its content."""
    return {
        "Content-Disposition": disposition(name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-cache",
    }


def disposition(name: str) -> str:
    """A Content-Disposition for a file's name; Neptune's client reads what is last in it."""
    name = name.replace("/", "_").replace("\\", "_")[-MOST:]
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"%;' else "_" for c in name)
    if plain.strip(". ") == "":
        plain = "file"
    full = "" if plain == name else f" filename*=UTF-8''{quote(name, safe='')};"
    return f'attachment;{full} filename="{plain}"'


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
