"""Digests of files remembered from run to run: a file that did not change costs one stat."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from project.data.blake import hasher
from project.data.cache import cache_folder, note
from project.data.files import names_below
from project.data.hashing import Use, hash_files
from project.files import write_atomic

NAME = "digests"
# Then BLAKE3 of the rest, the number of files, their signatures and digests, and their names.
_FORMAT = b"digests 1\n"
# A file that changes within the tick of its file system's clock in which it was hashed keeps its
# times; so what is that young is not remembered. The coarsest clock, FAT's, ticks every 2 s.
_TICK_NS = 2 * 10**9
_AGAIN = "the files will be hashed again in the next run"


class _Remembered(NamedTuple):
    """Files as they were: names, `(n, 4)` int64 signatures and `(n, 32)` uint8 digests."""

    names: list[str]
    signatures: np.ndarray
    digests: np.ndarray


def digests_of(paths: Sequence[str], folder: Path, use: Use) -> np.ndarray:
    """The BLAKE3 digests `(n, 32)` uint8 of files below `folder`; reads new and changed ones only.

    A file counts as unchanged while its name, size, inode, and the times of its content and of its
    inode are the same. Runs at the same time do no harm: each replaces as a whole what is
    remembered.

    Args:
        paths: of the n files.
        folder: the data folder.
        use: as for `hash_files`, for the files that are read; what it refuses is not remembered.

    Raises:
        OSError: a file can't be read.
    """
    try:
        cache = cache_folder(folder) / NAME
        now = _clock(cache.parent)
    except OSError as error:
        note(f"{_AGAIN}: {error}")
        return hash_files(paths, use)
    names, signatures = names_below(folder, paths), _signatures(paths)
    digests = _look_up(_load(cache), names, signatures)
    new = np.flatnonzero(~digests.any(axis=1))
    if len(new):
        fresh = np.zeros((len(new), 32), np.uint8)
        try:
            hash_files([paths[i] for i in new], lambda i, file: use(new[i], file), fresh)
        finally:
            # Also what was done before an error or Ctrl-C need not be done twice.
            digests[new] = fresh
            kept = np.flatnonzero(digests.any(axis=1) & (signatures[:, 3] < now - _TICK_NS))
            known = _Remembered([names[i] for i in kept], signatures[kept], digests[kept])
            _save(cache, known)
    return digests


def _clock(folder: Path) -> int:
    """The time in ns by the clock of the folder's file system, which may be another machine's."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_mtime_ns


def _signatures(paths: Sequence[str]) -> np.ndarray:
    """`(n, 4)` int64: size, inode, and times of the last change of content and of inode, in ns."""
    found = [_signature(os.stat(path)) for path in paths]
    return np.array(found, np.int64).reshape(-1, 4)


def _signature(status: os.stat_result) -> tuple[int, int, int, int]:
    # Some network file systems use all 64 bits of an inode's number.
    inode = status.st_ino & 2**63 - 1
    return status.st_size, inode, status.st_mtime_ns, status.st_ctime_ns


def _look_up(known: _Remembered, names: Sequence[str], signatures: np.ndarray) -> np.ndarray:
    """The digests `(n, 32)` of the files that are the same; zeros for the others."""
    row = {name: i for i, name in enumerate(known.names)}
    rows = np.array([row.get(name, -1) for name in names], np.int64)
    there = np.flatnonzero(rows >= 0)
    same = there[(known.signatures[rows[there]] == signatures[there]).all(axis=1)]
    digests = np.zeros((len(names), 32), np.uint8)
    digests[same] = known.digests[rows[same]]
    return digests


def _load(path: Path) -> _Remembered:
    nothing = _Remembered([], np.empty((0, 4), np.int64), np.empty((0, 32), np.uint8))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return nothing
    except OSError as error:
        note(f"all files are hashed again: {error}")
        return nothing
    start = len(_FORMAT) + 32
    if content[:start] != _FORMAT + _hash(content[start:]):
        note(f"all files are hashed again: {path} is damaged, or of another version")
        return nothing
    table = start + 8
    n = int.from_bytes(content[start:table], "little")
    signatures = np.frombuffer(content, "<i8", 4 * n, table).reshape(n, 4)
    digests = np.frombuffer(content, np.uint8, 32 * n, table + 32 * n).reshape(n, 32)
    end = table + 64 * n
    names = os.fsdecode(content[end:]).split("\0")
    return _Remembered(names if n else [], signatures, digests)


def _save(path: Path, known: _Remembered) -> None:
    body = len(known.names).to_bytes(8, "little") + known.signatures.astype("<i8").tobytes()
    body += known.digests.tobytes() + os.fsencode("\0".join(known.names))
    try:
        write_atomic(path, _FORMAT + _hash(body) + body)
    except OSError as error:
        note(f"{_AGAIN}: {error}")


def _hash(body: bytes) -> bytes:
    return hasher().update(body).digest()
