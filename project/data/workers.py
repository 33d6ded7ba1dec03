"""Worker processes that read ahead what a stream of samples asks for, or this process itself."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info


def read_ahead(
    read: Callable[[Any], Any], items: Iterable[Any], num_workers: int, *, pin: bool
) -> Iterator[Any]:
    """What `read` makes of each item, in their order.

    Args:
        read: makes tensors, or tuples of them; can be pickled.
        items: can be too.
        num_workers: processes that read ahead; 0: this one reads.
        pin: whether the tensors are for a GPU.

    Raises:
        ValueError: `read` did, in any process.
        OSError: likewise.
    """
    loader = DataLoader(
        _Guarded(read),
        batch_size=None,
        sampler=items,
        num_workers=num_workers,
        multiprocessing_context=_context(read) if num_workers else None,
        worker_init_fn=_start_worker,
        pin_memory=pin,
        # Without a generator of its own the loader would draw from the global one, and so
        # change the dropout of a run that is resumed in the middle of an epoch.
        generator=torch.Generator(),
    )
    for found in loader:
        if isinstance(found, Exception):
            raise found
        yield found


class _Guarded(Dataset):
    """Items become what is read of them, or the error that prevented it.

    Raised here, it would reach the training process wrapped in the worker's traceback.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __getitem__(self, item: Any) -> Any:
        try:
            return self._read(item)
        except (ValueError, OSError) as error:
            # Returned from a worker, it loses that.
            if get_worker_info() is not None:
                error.add_note(traceback.format_exc())
            return error


def _start_worker(worker: int) -> None:
    # Ctrl-C reaches every process of a terminal; the training process decides when workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_training, daemon=True).start()


def _end_with_training() -> None:
    """A worker of torch watches the server that forked it, and that waits for it: neither ends."""
    training = multiprocessing.parent_process()
    assert training is not None
    training.join()
    os._exit(1)


def _context(read: object) -> BaseContext:
    """Workers start from a clean server process: forking this one could copy a held lock."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", type(read).__module__])
    return context
