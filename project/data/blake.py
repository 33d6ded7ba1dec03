"""BLAKE3 of much at once: by all cores, or by one thread in a process that is to be forked."""

from blake3 import blake3

_most = [blake3.AUTO]


def hasher() -> blake3:
    """A new one."""
    return blake3(max_threads=_most[0])


def by_one_thread() -> None:
    """Let no hasher of this process begin threads: its forks would wait for what they lack.

    Nor do the forks' own, which share the cores.
    """
    _most[0] = 1
