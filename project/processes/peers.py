"""What the processes of a run tell each other when one of them fails."""

import os
import re
import signal
import socket
import time
from datetime import timedelta

import torch.distributed as dist

_KEY, _TRACE = "failure of process {}", "traceback of process {}"
# A process that fails leaves word before its connections close: mostly it stands there already.
PATIENCE_SECONDS = 3.0


# What gloo says where nobody has closed the connection: the other may live.
_SILENT = re.compile("(?i)timed out|no route to host|network is unreachable|timeout")
_REMOTE = re.compile(r"\[(?P<host>[^\]]+)\]:(?P<port>\d+)")


def gone(error: BaseException, who: str) -> str:
    """Why `who` is not heard any more, as far as an error of its connection tells."""
    text = str(error)
    if not (silent := _SILENT.search(text)):
        return f"{who} is gone: killed, or out of memory?"
    remote = _REMOTE.search(text)
    where = f" at {remote['host']}" if remote else ""
    return (
        f"the connection to {who}{where} was lost ({silent[0].lower()}): does its machine run, and"
        " is the network up?"
    )


def is_loss(error: BaseException) -> bool:
    """Whether `error` only says that another process is gone."""
    # gloo's errors have no class of their own.
    return isinstance(error, dist.DistError) or (
        isinstance(error, RuntimeError) and "gloo" in str(error)
    )


def tell(rank: int, text: str | None, trace: str | None = None) -> bool:
    """Leave word with the first process of why this one fails, if it does so by itself.

    Args:
        rank: of this process.
        text: why, in a line.
        trace: the traceback, if that belongs to it.

    Returns:
        Whether there is a first process that lives to tell it.
    """
    if "MASTER_ADDR" not in os.environ:
        return False  # nobody has said yet where the processes meet
    try:
        # The store's own client reports at length what it doesn't reach.
        socket.create_connection(_address(), PATIENCE_SECONDS).close()
    except OSError:
        return False
    try:
        if text is not None:
            store = _store()
            if trace is not None:
                store.set(_TRACE.format(rank), trace)  # first: who reads the line looks for it
            store.set(_KEY.format(rank), text)
    except dist.DistError:
        return False
    return True


def failure(store: dist.Store, world_size: int, but: int | None = None) -> str | None:
    """What one of the processes has left word of at `store`, if any has; `but` is not asked."""
    for rank in range(world_size):
        if rank != but and store.check([_KEY.format(rank)]):
            return f"process {rank}: {store.get(_KEY.format(rank)).decode()}"
    return None


def of_attempt(store: dist.Store) -> dist.Store:
    """`store`, without what processes left there before torchrun started them once more."""
    return dist.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


def signal_in(text: str | None) -> int | None:
    """The number of the signal that ended a process, if that is what it has left word of."""
    match = re.search(r"interrupted by (SIG[A-Z0-9]+)$", text or "")
    return signal.Signals[match[1]].value if match else None


def heard(world_size: int) -> tuple[str | None, str | None]:
    """What the first of the others has left word of within a short while, and its traceback."""
    store, until = _store(), time.monotonic() + PATIENCE_SECONDS
    while True:
        if said := failure(store, world_size, but=0):
            key = _TRACE.format(said.removeprefix("process ").partition(":")[0])
            return said, store.get(key).decode() if store.check([key]) else None
        if time.monotonic() > until:
            return None, None
        time.sleep(0.1)


def _store() -> dist.Store:
    """The store at which the processes met: the launcher's, or the first process's."""
    patience = timedelta(seconds=PATIENCE_SECONDS)
    return of_attempt(
        dist.TCPStore(*_address(), is_master=False, wait_for_workers=False, timeout=patience)
    )


def _address() -> tuple[str, int]:
    return os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
