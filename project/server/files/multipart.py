"""Files that come in parts: in any order, some of them twice, through any worker process.

An upload under way is a folder of its own: `about.json` says what it is for, `content` grows to be
the file, an empty file `START-END` notes each part that is whole, and `done` says that all is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

import orjson

from project.files import lock, write_atomic
from project.server.api.context import Context
from project.server.api.operation import Header
from project.server.errors import bad_request, not_found
from project.server.files.uploads import MISMATCH, Uploaded, declared_length, in_thread, save
from project.server.ingestion.values import INCONSISTENT, Fault, OperationError
from project.server.storage.storage import disk_errors

# The largest file, in bytes.
MAX_FILE = 100 * 2**30
ID = re.compile(r"[0-9a-f]{32}")
# Where a part belongs, in which header.
RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)
XRange = Header["X-Range"]
PART = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class Target:
    """What an upload is for: a file attribute, or with a `sub_path` one file of a file set."""

    container_id: str
    attribute: str
    sub_path: str | None


class Started(TypedDict):
    """The id of an upload that begins, or why it doesn't."""

    uploadId: str | None
    errors: list[OperationError]


def begin(
    context: Context, target: Target, ext: str, total: int, check: Callable[[], object]
) -> Started:
    """Begin an upload of `total` bytes, unless `check` raises a Fault.

    Raises:
        ApiError: 507, the disk is full; 400, there is no such file.
    """
    if total < 0:
        raise bad_request("totalLength: a file has no less than 0 bytes")
    try:
        if total > MAX_FILE:
            raise Fault(INCONSISTENT, f"a file has at most {MAX_FILE} bytes, not {total}")
        check()
        return {"uploadId": _begin(context, target, ext, total), "errors": []}
    except Fault as fault:
        return {"uploadId": None, "errors": [fault.error]}


def _begin(context: Context, target: Target, ext: str, total: int) -> str:
    context.storage.sweep()
    upload_id = uuid4().hex
    folder = context.storage.folder / upload_id
    about = {**asdict(target), "ext": ext, "total": total}
    with disk_errors():
        folder.mkdir(mode=0o700)
        with (folder / "content").open("wb") as file:
            file.truncate(total)
        write_atomic(folder / "about.json", orjson.dumps(about))
    return upload_id


async def add(context: Context, target: Target, upload_id: str, x_range: str) -> Uploaded:
    """Take the request's body as one part.

    Raises:
        ApiError: 404, there is no such upload; 400, the range or the length is wrong; 507, the disk
            is full.
    """
    folder, about = await in_thread(_find, context, target, upload_id)
    first, end = _parse(x_range, about["total"])
    if (folder / "done").exists():
        return {"errors": []}  # a part sent twice, of which the first one was enough
    if declared_length(context) not in (None, end - first):
        raise bad_request(MISMATCH)
    with disk_errors():
        with (folder / "content").open("r+b") as file:
            file.seek(first)
            await save(context, file, end - first)
        (folder / f"{first}-{end}").touch()
    return {"errors": []}


@contextmanager
def whole(context: Context, target: Target, upload_id: str) -> Iterator[tuple[Path, str] | None]:
    """The finished file and its ext, until the block ends; None if that has happened before.

    Raises:
        ApiError: 404, there is no such upload; 400, a part is missing.
    """
    folder, about = _find(context, target, upload_id)
    with lock(folder / "lock"):
        if (folder / "done").exists():
            yield None
            return
        missing = _first_missing(folder, about["total"])
        if missing is not None:
            raise bad_request(f"the upload lacks the bytes from {missing} on")
        yield folder / "content", about["ext"]
        # If the server is killed before this, the client asks again, and all is repeated.
        with disk_errors():
            (folder / "done").touch()
            (folder / "content").unlink()


def _find(context: Context, target: Target, upload_id: str) -> tuple[Path, dict[str, Any]]:
    folder = context.storage.folder / upload_id
    if ID.fullmatch(upload_id):
        try:
            about = orjson.loads((folder / "about.json").read_bytes())
        except FileNotFoundError:
            about = None
        if about and all(about[key] == value for key, value in asdict(target).items()):
            return folder, about
    raise not_found("UPLOAD_NOT_FOUND", "there is no such upload of this attribute")


def _parse(x_range: str, total: int) -> tuple[int, int]:
    """The beginning of a part and the byte after its end, from `bytes=0-9/100`."""
    match = RANGE.fullmatch(x_range)
    if match is None:
        raise bad_request(f"X-Range: {x_range[:100]!r} is not like bytes=0-9/100")
    begin, last, given = map(int, match.groups())
    if given != total:
        raise bad_request(f"X-Range: the file has {total} bytes, not {given}")
    if not begin <= last < total:
        raise bad_request(f"X-Range: {begin}-{last} is no range in {total} bytes")
    return begin, last + 1


def _first_missing(folder: Path, total: int) -> int | None:
    """The first byte of no part, or None if all have come."""
    names = [PART.fullmatch(path.name) for path in folder.iterdir()]
    parts = sorted((int(name[1]), int(name[2])) for name in names if name)
    end = 0
    for begin, after in parts:
        if begin > end:
            break
        end = max(end, after)
    return end if end < total else None
