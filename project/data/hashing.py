"""Reading and hashing many files, by all cores: each is read once, whatever else it is read for."""

import io
import mmap
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import numpy as np
from blake3 import blake3

from project.cli.stage import count
from project.data.blake import hasher

# From here on one file is hashed by all cores, mapped and not copied; below, files go side by side.
LARGE = 4 * 2**20
# Files a thread takes at once: handing them over one by one takes longer than hashing small ones.
BATCH = 64
SUBMITTED = 4096  # batches at once: of millions of files, the pending calls would fill memory

Use = Callable[[int, IO[bytes]], object]


def hash_files(
    paths: Sequence[str], use: Use = lambda i, file: None, digests: np.ndarray | None = None
) -> np.ndarray:
    """The BLAKE3 digests `(n, 32)` uint8 of files.

    Args:
        paths: of the n files.
        use: is given each file's index and content, as a file in memory, by several threads.
        digests: where to write them, for one who wants those that were done before an error.

    Raises:
        OSError: a file can't be read; it has the name.
    """
    if digests is None:
        digests = np.empty((len(paths), 32), np.uint8)

    def read(batch: range) -> None:
        for i in batch:
            digests[i] = np.frombuffer(_read(paths[i], i, use), np.uint8)

    # Threads suffice: reading, BLAKE3 and Pillow work outside the interpreter's lock. There are
    # some more than cores, as many wait for the disk.
    with ThreadPoolExecutor() as pool:
        for batches in _portions(len(paths)):
            for batch, _ in zip(batches, pool.map(read, batches)):
                count(batch.stop, len(paths))
    return digests


def _portions(n: int) -> Iterable[list[range]]:
    """Batches of indices below n, some thousands at once; few files are spread over all threads."""
    size = min(BATCH, max(1, n // (4 * (os.cpu_count() or 1))))
    for start in range(0, n, size * SUBMITTED):
        end = min(n, start + size * SUBMITTED)
        yield [range(i, min(i + size, end)) for i in range(start, end, size)]


def _read(path: str, i: int, use: Use) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(handle).st_size
            if size >= LARGE:
                with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as mapped:
                    digest = hasher().update(mapped).digest()
                    use(i, mapped)
                    return digest
            data = _all_of(handle, size)
        finally:
            os.close(handle)
    except OSError as error:
        # A read that fails knows no name; people need one.
        raise OSError(error.errno, error.strerror, error.filename or path) from error
    use(i, io.BytesIO(data))
    return blake3(data).digest()


def _all_of(handle: int, size: int) -> bytes:
    """An open file's content; a file object would take twice as long for a small one."""
    data = os.read(handle, size)
    # It grows just now, or comes in pieces over a network.
    while more := os.read(handle, 2**16):
        data += more
    return data
