"""Sums over the processes of one machine, through memory that all of them see."""

import fcntl
import mmap
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

# For what all processes give at once, twice: so much that waiting for each other hardly counts, so
# little that they read it from the processor's caches.
ROOM_BYTES = 2**23
# A processor's unit of memory: each process's count has one of its own, which no other one writes.
LINE_BYTES = 64
# Who waits looks again at once for so long, and then sleeps for so long between two looks; from
# time to time it looks whether the others still live.
SPIN_SECONDS, SLEEP_SECONDS, LIVES_SECONDS = 5e-5, 5e-5, 0.5


def is_possible() -> bool:
    """Whether this is Linux on x86-64: other processors may show what is written out of order."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


class SharedMemory:
    """Sums and gathers tensors of all processes of the default group, which run on one machine.

    gloo, whose processes talk through the network's stack, takes many times as long for a small
    tensor (`benchmarks/collectives.py`). All processes must make one at the same time, and call the
    same methods on tensors of the same shapes.

    Args:
        timeout: how long to wait for the others.

    Raises:
        OSError: in all processes, if one of them gets no such memory.
    """

    def __init__(self, timeout: timedelta) -> None:
        self._rank, n = dist.get_rank(), dist.get_world_size()
        self._timeout, self._count = timeout.total_seconds(), 0
        self._file = _common_file(ROOM_BYTES + n * LINE_BYTES)
        memory = mmap.mmap(self._file.fileno(), 0)
        self._counts = np.frombuffer(memory, np.int64, n * LINE_BYTES // 8)[:: LINE_BYTES // 8]
        part = ROOM_BYTES // (2 * n) // LINE_BYTES * LINE_BYTES
        room = torch.frombuffer(memory, dtype=torch.uint8, offset=n * LINE_BYTES)
        self._parts = room[: 2 * n * part].view(2, n, part)

    def sum_(self, values: Tensor) -> None:
        """Make contiguous `values` their sum over all processes, added in the order of the ranks.

        Raises:
            DistError: another process has left or ended, or does not come.
        """
        for part in self._split(values):
            first, second, *others = self._exchange(part)
            torch.add(first, second, out=part)
            for other in others:
                part += other

    # What others write is no operation that a trace would show.
    @torch.compiler.disable
    def gather(self, own: Tensor) -> Tensor:
        """Each process's `own`, as `(processes, *shape)`.

        Raises:
            DistError: as of `sum_`.
        """
        gathered = [self._exchange(part).clone() for part in self._split(own.contiguous())]
        return torch.cat(gathered, dim=1).view(len(self._counts), *own.shape)

    def leave(self) -> None:
        """Let those that wait for this process know that it does not come."""
        self._file.close()

    def _split(self, values: Tensor) -> Sequence[Tensor]:
        return values.view(-1).split(self._parts.shape[2] // values.element_size())

    def _exchange(self, own: Tensor) -> Tensor:
        """What each process gives, `(processes, len(own))`; to be read before the next exchange.

        The next one has other memory. When the one after that writes here again, each process has
        come to the next, so has read this.
        """
        self._count += 1
        parts = self._parts[self._count % 2].view(own.dtype)[:, : len(own)]
        parts[self._rank] = own
        self._counts[self._rank] = self._count
        began = looked = time.perf_counter()
        while self._counts.min() < self._count:
            now = time.perf_counter()
            if now - began > SPIN_SECONDS:
                time.sleep(SLEEP_SECONDS)
            if now - looked > LIVES_SECONDS:
                looked = now
                self._look_after_the_others(now - began)
        return parts

    def _look_after_the_others(self, waited: float) -> None:
        for rank in np.flatnonzero(self._counts < self._count):
            # In this order, because it may come, and leave, in between.
            gone = not _is_locked(self._file, rank)
            if self._counts[rank] >= self._count:
                continue
            if gone:
                raise dist.DistNetworkError(f"process {rank} is gone")
            if waited > self._timeout:
                raise dist.DistNetworkError(f"process {rank} has not come for {waited:.0f} s")


def _common_file(size: int) -> IO[bytes]:
    """A file of `size` zeros in memory, the same in all processes, in which each one has locked the
    byte of its rank; the lock ends with the process, or with this file."""
    rank, file, error = dist.get_rank(), None, None
    place = [""]
    try:
        if rank == 0:
            # Without a name, so that nothing is left behind whatever happens.
            file = TemporaryFile(dir="/dev/shm", buffering=0)
            # Where there isn't so much, writing to the memory would end the process.
            os.posix_fallocate(file.fileno(), 0, size)
            place = [f"/proc/{os.getpid()}/fd/{file.fileno()}"]
    except OSError as caught:
        error = caught
    dist.broadcast_object_list(place)
    try:
        if rank > 0 and place[0]:
            file = open(place[0], "r+b", buffering=0)
        if file is not None:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, rank)
    except OSError as caught:
        error = caught
    errors: list[OSError | None] = [None] * dist.get_world_size()
    dist.all_gather_object(errors, error)
    for error in filter(None, errors):
        if file is not None:
            file.close()
        raise error
    return file


def _is_locked(file: IO[bytes], rank: int) -> bool:
    """Whether the process of this rank, which is not this one, still holds its lock."""
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, rank)
    except BlockingIOError:
        return True
    fcntl.lockf(file, fcntl.LOCK_UN, 1, rank)
    return False
