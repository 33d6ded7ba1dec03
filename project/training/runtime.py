"""What the C libraries below PyTorch are told: how threads wait, and what memory to keep."""

import ctypes
import os

# Unless OMP_WAIT_POLICY says how threads wait for each other: they spin for some tenths of a
# millisecond, which bridges what lies between two operations of a small model, and sleep then.
# PyTorch's default, far longer, makes training ten times slower where anything else runs.
WAITING = {"GOMP_SPINCOUNT": "10000"}
# Options of glibc's <malloc.h>: the freed bytes that are kept, and the largest array from them.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = {M_TRIM_THRESHOLD: 512 * 2**20, M_MMAP_THRESHOLD: 256 * 2**20}
# By which a person sets the same.
ALLOCATOR = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def wait_briefly() -> None:
    """Set how threads wait, unless the environment does; to be called before torch is loaded."""
    if "OMP_WAIT_POLICY" not in os.environ:
        for name, value in WAITING.items():
            os.environ.setdefault(name, value)


def keep_memory() -> None:
    """Keep what is freed from now on, unless the environment sets that; to be called before a loop.

    A step frees what the next one asks for again. What went back to the system in between arrives
    empty, with a page fault for every 4 KiB: a CNN trained a third to two thirds slower by that.
    """
    libc = ctypes.CDLL(None)
    # Other C libraries than glibc lack it.
    if hasattr(libc, "mallopt") and not any(name in os.environ for name in ALLOCATOR):
        for option, size in KEPT.items():
            libc.mallopt(option, size)
