"""What two processes exchange in a step: in shared memory, and through gloo."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from benchmarks._turns import compare, take_turns
from project.models import BatchNorm2d
from project.runtime import keep_memory
from project.shared_memory import SharedMemory

# The statistics of 64 channels, and the gradients of the wide MLP of `scaling`.
SIZES = ((129, 200), (10_020_874, 5))
TURNS = 15


def main(rank: int, folder: str) -> None:
    """Milliseconds, in the first of both processes."""
    torch.set_num_threads(1)
    keep_memory()
    store = dist.FileStore(str(Path(folder, "store")), 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    memory = SharedMemory(timedelta(minutes=1))
    for size, repeats in SIZES:
        values = torch.zeros(size)
        cases = {
            "gloo, sum": dist.all_reduce,
            "shared memory, sum": memory.sum_,
            "gloo, all values": BatchNorm2d.gather,
            "shared memory, all values": memory.gather,
        }
        timed = {name: timer(function, values, repeats) for name, function in cases.items()}
        if rank == 0:
            print(f"{size:,} values of two processes, ms")
            compare(timed, TURNS)
        else:
            take_turns(timed, TURNS)
    dist.destroy_process_group()


def timer(function: Callable[[Tensor], object], values: Tensor, n: int) -> Callable[[], float]:
    """Measures a call, of `n` that follow each other."""

    def measure() -> float:
        dist.barrier()
        began = time.perf_counter()
        for _ in range(n):
            function(values)
        return (time.perf_counter() - began) / n * 1e3

    return measure


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        second = multiprocessing.get_context("spawn").Process(target=main, args=(1, folder))
        second.start()
        main(0, folder)
        second.join()
