"""What the processes of a run tell each other when one of them fails."""

import os
import socket
import time
from datetime import timedelta

import torch.distributed as dist

_KEY = "failure of process {}"
# A process that fails leaves word before its connections close: mostly it stands there already.
PATIENCE_SECONDS = 3.0


def is_loss(error: BaseException) -> bool:
    """Whether `error` only says that another process is gone."""
    # gloo's errors have no class of their own.
    return isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError) and "gloo" in str(error)
    )


def tell(rank: int, text: str | None) -> bool:
    """Leave word with the first process of why this one fails, if it does so by itself.

    Returns:
        Whether there is a first process that lives to tell it.
    """
    try:
        # The store's own client reports at length what it doesn't reach.
        socket.create_connection(_address(), PATIENCE_SECONDS).close()
    except OSError:
        return False
    if text is not None:
        _store().set(_KEY.format(rank), text)
    return True


def heard(world_size: int) -> str | None:
    """What the first of the other processes has left word of, if any has within a short while."""
    store, until = _store(), time.monotonic() + PATIENCE_SECONDS
    while True:
        for rank in range(1, world_size):
            if store.check([_KEY.format(rank)]):
                return f"process {rank}: {store.get(_KEY.format(rank)).decode()}"
        if time.monotonic() > until:
            return None
        time.sleep(0.1)


def _store() -> dist.TCPStore:
    """The store at which the processes met: the launcher's, or the first process's."""
    patience = timedelta(seconds=PATIENCE_SECONDS)
    return dist.TCPStore(*_address(), is_master=False, wait_for_workers=False, timeout=patience)


def _address() -> tuple[str, int]:
    return os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
