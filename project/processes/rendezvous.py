"""How the processes of a run meet: within a bound, ended by a signal, and told with addresses.

torch waits for the others inside of calls that hear no signal, and says afterwards that something
timed out. So all waiting here is in Python, and what torch must do itself is done by a thread.
"""

import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from project.processes import interfaces, peers

# After it the person is told what is waited for.
SAY_SECONDS = 10.0
# All have come by then, and connections take milliseconds; an unreachable address takes its time.
CONNECT_SECONDS = 60.0
# What the store itself may take to answer; afterwards it is lost.
_STORE = timedelta(seconds=10)
_KEY = "arrival {}"
_VARIABLES = {"gloo": "GLOO_SOCKET_IFNAME", "nccl": "NCCL_SOCKET_IFNAME"}


# The latest store: where the processes don't meet, the first one's still tells the others why.
_kept: list[dist.Store] = []


class NotMet(ConnectionError):
    """The processes have not met; the message says which address was not reached."""


@dataclass(frozen=True)
class Meeting:
    """Who meets where.

    Attributes:
        rank: this process's.
        world_size: how many meet.
        n_nodes: on how many machines.
        backend: what they will talk by, gloo or nccl.
        address: host name and port at which the first process is to be found.
        limit: seconds that all have for coming.
    """

    rank: int
    world_size: int
    n_nodes: int
    backend: str
    address: tuple[str, int]
    limit: float

    @property
    def where(self) -> str:
        """The address as people write it."""
        return f"{self.address[0]}:{self.address[1]}"


def meet(meeting: Meeting, timeout: timedelta, device: torch.device | None) -> None:
    """Return once the processes have met and `torch.distributed` is initialised.

    Args:
        meeting: who, and where.
        timeout: of what they do together afterwards.
        device: a GPU of this process's own; None on a CPU.
    Raises:
        NotMet: they have not, in time; or another process has failed meanwhile.
    """
    until = time.monotonic() + meeting.limit
    if meeting.backend == "gloo" and meeting.n_nodes > 1:
        interfaces.choose(meeting.address[0])
    _kept[:] = [store := _open_store(meeting, until)]
    try:
        arrivals = _gather(store, meeting, until)
        if meeting.backend == "gloo":
            _check_addresses(arrivals)
        _connect(store, meeting, timeout, device)
    except dist.DistError as error:
        raise NotMet(
            f"the connection to the first process, at {meeting.where}, was lost before training"
        ) from error


def _open_store(meeting: Meeting, until: float) -> dist.Store:
    """The store at which the processes meet: torchrun's, or the first process's own."""
    serves = meeting.rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    if not serves:
        _reach(meeting, until)
    make = lambda: dist.TCPStore(  # noqa: E731
        *meeting.address,
        meeting.world_size,
        serves,
        _STORE,
        wait_for_workers=False,
        multi_tenant=True,
    )
    try:
        return peers.of_attempt(_aside(make, lambda: None, until + _STORE.total_seconds()))
    except (RuntimeError, TimeoutError) as error:
        line = " ".join(str(error).split())
        raise NotMet(
            f"the first process can't be found at MASTER_ADDR:MASTER_PORT, {meeting.where}:"
            f" {line[:200]}"
        ) from error


def _reach(meeting: Meeting, until: float) -> None:
    """Wait until somebody listens where the first process is to be found."""
    say, error = time.monotonic() + SAY_SECONDS, None
    while (now := time.monotonic()) < until:
        try:
            socket.create_connection(meeting.address, min(5.0, until - now)).close()
            return
        except OSError as reason:
            error = reason
        if now >= say:
            say = float("inf")
            _say(meeting, f"the first process at {meeting.where} ({_reason(error)})")
        time.sleep(0.2)
    raise NotMet(
        f"process {meeting.rank} has not reached the first one at {meeting.where} within"
        f" {meeting.limit:g} s: {_reason(error)}; was it started, is that its address, and does a"
        " firewall let the port through? (--rendezvous-timeout waits longer)"
    )


def _gather(store: dist.Store, meeting: Meeting, until: float) -> list[dict[str, Any]]:
    """What each process says of itself when it comes, by rank."""
    keys = [_KEY.format(rank) for rank in range(meeting.world_size)]
    store.set(keys[meeting.rank], json.dumps(interfaces.describe()))
    say = time.monotonic() + SAY_SECONDS
    while not store.check(keys):
        _raise_failure(store, meeting)
        if time.monotonic() >= min(say, until):
            missing = [rank for rank, key in enumerate(keys) if not store.check([key])]
            if time.monotonic() >= until:
                raise NotMet(
                    f"{_processes(missing)} of {meeting.world_size} did not come to"
                    f" {meeting.where} within {meeting.limit:g} s: not started, still loading, or"
                    " another MASTER_ADDR? (--rendezvous-timeout waits longer)"
                )
            if missing:
                say = float("inf")
                _say(meeting, f"{_processes(missing)} of {meeting.world_size} at {meeting.where}")
        time.sleep(0.02)
    return [json.loads(store.get(key)) for key in keys]


def _check_addresses(arrivals: Sequence[dict[str, Any]]) -> None:
    """Refuse an address that means another machine to each of them."""
    if len({arrival["machine"] for arrival in arrivals}) == 1:
        return
    for rank, arrival in enumerate(arrivals):
        if interfaces.is_loopback(arrival["address"]):
            raise NotMet(
                f"process {rank}, on {arrival['host']}, is at {arrival['address']}, where no other"
                f" machine reaches it: {arrival['because']}; set GLOO_SOCKET_IFNAME on each machine"
                " to the network interface between them, such as eth0"
            )


def _connect(
    store: dist.Store, meeting: Meeting, timeout: timedelta, device: torch.device | None
) -> None:
    """Let torch connect each process with each other one."""
    store.set_timeout(timeout)

    def initialise() -> None:
        if device is not None and device.type == "cuda":
            torch.cuda.set_device(device)  # of this thread
        dist.init_process_group(
            meeting.backend,
            store=dist.PrefixStore("default_pg", store),
            rank=meeting.rank,
            world_size=meeting.world_size,
            timeout=timeout,
            device_id=device,
        )

    until = time.monotonic() + min(meeting.limit, CONNECT_SECONDS)
    # Others say so before they end; their connections to this one may stay open. A client of the
    # store does one thing at a time, and torch's waits in it for those that have failed.
    heard = store.clone()
    try:
        _aside(initialise, lambda: _raise_failure(heard, meeting), until)
    except (RuntimeError, TimeoutError) as error:
        raise NotMet(_unconnected(meeting, str(error))) from error


def _unconnected(meeting: Meeting, text: str) -> str:
    remote = re.search(r"remote=\[([^\]]+)\]:(\d+)", text)
    where = f"another one at {remote[1]}:{remote[2]}" if remote else "another one"
    reason = next((r for r in ("refused", "No route", "unreachable") if r in text), None)
    variable = _VARIABLES.get(meeting.backend, "GLOO_SOCKET_IFNAME")
    own = interfaces.describe()
    return (
        f"process {meeting.rank}, at {own['address']} of {own['host']}, has not reached {where}"
        f"{f' ({reason})' if reason else ''}, though all met at {meeting.where}; set {variable} on"
        " each machine to the network interface between them, and let its ports through"
    )


def _raise_failure(store: dist.Store, meeting: Meeting) -> None:
    if why := peers.failure(store, meeting.world_size, but=meeting.rank):
        raise NotMet(why)


def _aside(act: Callable[[], Any], meanwhile: Callable[[], None], until: float) -> Any:
    """The result of `act`, done by a thread, so that a signal ends the waiting for it.

    Raises:
        TimeoutError: it takes until `until`; the thread is left alone.
    """
    result: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            result.append(act())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="meeting", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
        meanwhile()
        if time.monotonic() >= until and thread.is_alive():
            raise TimeoutError("it took too long")
    if errors:
        raise errors[0]
    return result[0]


def _processes(ranks: Sequence[int]) -> str:
    shown = ", ".join(map(str, ranks[:8])) + (", ..." if len(ranks) > 8 else "")
    return f"process{'es' * (len(ranks) > 1)} {shown}"


def _reason(error: OSError | None) -> str:
    return (error.strerror or str(error)) if error else "no time was left"


def _say(meeting: Meeting, what: str) -> None:
    limit = f"for up to {meeting.limit:g} s"
    print(f"process {meeting.rank} waits {limit} for {what}", file=sys.stderr, flush=True)
