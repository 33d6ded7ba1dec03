"""Bodies of requests that go straight to the disk, a piece at a time and never too many."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypedDict, TypeVar

from anyio import to_thread
from starlette.requests import ClientDisconnect

from project.server.api.context import Context
from project.server.errors import ApiError, bad_request
from project.server.ingestion.values import Fault, OperationError
from project.server.storage.storage import disk_errors

# The most bytes of one request, as clients/config tells clients.
MAX_PART = 2**30
# Pieces are gathered up to so many bytes before they are written.
PIECE = 2**20
# Neptune's client begins the upload again where it reads this.
MISMATCH = "Length of stream does not match given range"

P, T = ParamSpec("P"), TypeVar("T")


class Uploaded(TypedDict):
    """Why a file was not taken; no errors if it was."""

    errors: list[OperationError]


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that waits for the disk or the store, and let other requests go on."""
    return await to_thread.run_sync(lambda: function(*args, **kwargs))


def answered(function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Uploaded:
    """Call it; what is wrong with the attribute becomes the answer, not an error of the request.

    The client goes on with its other operations after the first, and gives up after the second.
    """
    try:
        function(*args, **kwargs)
    except Fault as fault:
        return {"errors": [fault.error]}
    return {"errors": []}


@asynccontextmanager
async def received(context: Context) -> AsyncIterator[Path]:
    """The request's body as a file, which is gone after the block.

    Raises:
        ApiError: 413, it is too large; 400, it ends early; 507, the disk is full.
    """
    spool = context.storage.spool()
    folder = await in_thread(spool.__enter__)
    try:
        path = folder / "body"
        with disk_errors(), path.open("wb") as file:
            await save(context, file, declared_length(context))
        yield path
    finally:
        await in_thread(spool.__exit__, None, None, None)


def declared_length(context: Context) -> int | None:
    """The length that the request says its body has.

    Raises:
        ApiError: 413, that is too much; 400, it is no length.
    """
    text = context.request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise bad_request(f"Content-Length: {text[:50]!r} is no length")
    # So long a number can't even be read.
    if len(text) > 20 or int(text) > MAX_PART:
        raise _too_large()
    return int(text)


async def save(context: Context, file: BinaryIO, length: int | None) -> None:
    """Write the request's body to the file, from its place on, and sync it to disk.

    Args:
        context: the request.
        file: open for writing.
        length: how many bytes the body must have; None if it doesn't say.
    Raises:
        ApiError: 413, it is too large; 400, it has another length.
        OSError: it can't be written.
    """
    size, pieces = 0, bytearray()
    most = MAX_PART if length is None else length
    try:
        async for piece in context.request.stream():
            size += len(piece)
            if size > most:
                raise _too_large() if length is None else bad_request(MISMATCH)
            pieces += piece
            if len(pieces) >= PIECE:
                await in_thread(file.write, pieces)
                pieces = bytearray()
    except ClientDisconnect:
        raise bad_request(MISMATCH) from None
    if length not in (None, size):
        raise bad_request(MISMATCH)
    await in_thread(_finish, file, pieces)


def _finish(file: BinaryIO, rest: bytes) -> None:
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())


def _too_large() -> ApiError:
    return ApiError(413, "CONTENT_TOO_LARGE", f"the body has more than {MAX_PART} bytes")
