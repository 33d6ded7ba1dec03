"""What 2 and 3 processes exchange in shared memory: `python -m tests.exchanges FOLDER`.

The process of rank r of n leaves what it got in `n/r.pt`.
"""

import errno
import fcntl
import multiprocessing
import os
import signal
import sys
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.distributed as dist

from project import shared_memory
from project.shared_memory import SharedMemory

LONG, SHORT = timedelta(minutes=1), timedelta(seconds=0.1)
# The largest, of 12 MB, needs several parts, and the last one is not full.
SIZES = [
    (torch.float32, (1,)),
    (torch.float32, (3, 1_000_001)),
    (torch.bfloat16, (1001,)),
    (torch.float64, (7, 0)),
    (torch.float64, (20, 30)),
]
ROUNDS = 2000


def own(rank: int) -> list[torch.Tensor]:
    """What the process of this rank gives."""
    generator = torch.Generator().manual_seed(rank)
    return [torch.randn(shape, generator=generator).to(dtype) for dtype, shape in SIZES]


def error_of(memory: SharedMemory) -> str:
    try:
        memory.sum_(torch.zeros(3))
    except dist.DistError as error:
        return str(error)
    return ""


def work(rank: int, n: int, together: Barrier) -> dict[str, Any]:
    """All of it; the last process does not always come, and is killed in the end."""
    last, got = rank == n - 1, {}
    memory = SharedMemory(LONG)
    got["sums"] = own(rank)
    for values in got["sums"]:
        memory.sum_(values)
    got["gathered"] = [memory.gather(values) for values in own(rank)]
    got["strided"] = memory.gather(own(rank)[-1].t())
    # Nobody waits but for each other: a part that is read too late, or too early, is another's.
    rounds = [memory.gather(torch.full((1 + i % 7,), 1000.0 * i + rank)) for i in range(ROUNDS)]
    got["rounds"] = torch.stack([values[:, 0] for values in rounds])

    impatient = SharedMemory(SHORT)
    got["late"] = "" if last else error_of(impatient)
    together.wait()

    with mock.patch.object(fcntl, "lockf", wraps=fcntl.lockf) as lockf:
        lockf.side_effect = OSError(errno.ENOLCK, "no locks here") if last else None
        try:
            SharedMemory(LONG)
        except OSError as error:
            got["refused"] = str(error)

    other = SharedMemory(LONG)
    if last:
        other.leave()
    got["left"] = "" if last else error_of(other)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
    got["killed"] = error_of(memory)
    return got


def start(rank: int, n: int, folder: Path, together: Barrier) -> None:
    store = dist.FileStore(str(folder / "store"), n)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=n)
    assert shared_memory.is_possible()
    torch.save(work(rank, n, together), folder / f"{rank}.pt")
    # Without a farewell to the one that was killed.
    os._exit(0)


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    for n in (2, 3):
        folder = Path(sys.argv[1], str(n))
        folder.mkdir()
        shared = (n, folder, fork.Barrier(n))
        children = [fork.Process(target=start, args=(rank, *shared)) for rank in range(n)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * (n - 1) + [-signal.SIGKILL]
