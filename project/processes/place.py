"""The processes that carry out a run together: what a launcher has settled, and who speaks."""

import io
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import dropwhile
from typing import NamedTuple, TextIO

from project.hyperparameters import Hyperparameters

TORCHRUN, SRUN = "torchrun", "srun"
# What stands for a launcher where each machine's first process is started by hand.
BY_HAND = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
# Within it the first process of a machine, having met the same error, has ended the others.
PATIENCE_SECONDS = 5.0


class Place(NamedTuple):
    """Where this process stands among those of its run.

    Attributes:
        launcher: torchrun or srun, if one of them started all processes; "" if none did.
        node: index of its machine.
        local_rank: its index among the processes of the machine.
        devices: processes on each machine, as the launcher has settled it; 0: it is for the flags.
        nodes: machines, likewise.
    """

    launcher: str
    node: int
    local_rank: int
    devices: int = 0
    nodes: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the only process of a run, or the one that records for all of them."""
        return self.node == self.local_rank == 0


def place(environ: Mapping[str, str] = os.environ) -> Place:
    """This process's place, as the variables of its launcher tell it.

    Raises:
        ValueError: a variable is missing or no number, or the machines' processes differ in number.
    """
    if "TORCHELASTIC_RUN_ID" in environ:
        devices, processes = (_number(environ, n, 1) for n in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
        _check_even(TORCHRUN, processes, processes / devices)
        nodes = processes // devices
        _number(environ, "RANK", 0, processes)
        node = _number(environ, "GROUP_RANK", 0, nodes)
        return Place(TORCHRUN, node, _number(environ, "LOCAL_RANK", 0, devices), devices, nodes)
    # Only srun sets a step: in a batch script or a shell of salloc the other variables stand too,
    # but nobody starts the processes that they count. One task is free to start others itself.
    if "SLURM_STEP_ID" in environ and _number(environ, "SLURM_NTASKS", 1) > 1:
        processes, nodes = (_number(environ, n, 1) for n in ("SLURM_NTASKS", "SLURM_NNODES"))
        _check_even(SRUN, processes, processes / nodes)
        if "SLURM_NTASKS_PER_NODE" not in environ:
            raise ValueError(
                f"srun: give --ntasks-per-node={processes // nodes} instead of --ntasks"
            )
        devices = processes // nodes
        _number(environ, "SLURM_PROCID", 0, processes)
        node = _number(environ, "SLURM_NODEID", 0, nodes)
        return Place(SRUN, node, _number(environ, "SLURM_LOCALID", 0, devices), devices, nodes)
    hand = {"NODE_RANK": "0", "LOCAL_RANK": "0"} | dict(environ)
    return Place("", *(_number(hand, name, 0) for name in ("NODE_RANK", "LOCAL_RANK")))


def settle(hparams: Hyperparameters, given: frozenset[str]) -> Hyperparameters:
    """The hyperparameters with as many devices and machines as the launcher has started processes.

    Args:
        hparams: as asked for.
        given: the names of those that the person, or the run to go on with, has set.

    Raises:
        ValueError: they contradict the launcher, or several machines have none.
    """
    here = place()
    if not here.launcher:
        _check_by_hand(hparams)
        return hparams
    asked = {"devices": n_devices(hparams.devices), "nodes": hparams.nodes}
    for name, settled in (("devices", here.devices), ("nodes", here.nodes)):
        if name in given and asked[name] not in (None, settled):
            where = "on each machine" if name == "devices" else "machines"
            raise ValueError(
                f"--{name} {getattr(hparams, name)}: {here.launcher} has settled on {settled}"
                f" {where}; give it the same, or leave --{name} out"
            )
    if asked["devices"] != here.devices:
        hparams = hparams.replace(devices=str(here.devices))
    return hparams.replace(nodes=here.nodes)


def n_devices(devices: str) -> int | None:
    """How many devices of each machine `--devices` names; None: as many as there are."""
    if devices == "auto":
        return None
    return int(devices) if devices.isdecimal() else len(devices.split(","))


@contextmanager
def first_speaks() -> Iterator[None]:
    """Let the first process of a machine speak for all: they see the same and would repeat it.

    What another has to say is kept; its errors are printed at its end, if it alone has met them.
    """
    try:
        local_rank = place().local_rank
    except ValueError:
        local_rank = 0  # `settle` says what is wrong
    if not local_rank:
        yield
        return
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = said = _Kept(local_rank, sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        lines = said.getvalue().splitlines()
        wrong = ("error: ", "Traceback ")
        if errors := list(dropwhile(lambda line: not line.startswith(wrong), lines)):
            time.sleep(PATIENCE_SECONDS)
            said.pass_on(errors)


class _Kept(io.StringIO):
    """What a process says that is not the first of its machine."""

    def __init__(self, local_rank: int, stream: TextIO) -> None:
        super().__init__()
        self._local_rank, self._stream = local_rank, stream

    def pass_on(self, lines: Sequence[str]) -> None:
        """Say these lines after all, as this process's."""
        text = "".join(f"process {self._local_rank}: {line}\n" for line in lines)
        print(text, end="", file=self._stream, flush=True)


def aloud(text: str) -> None:
    """Say on standard error what each process says for itself: a traceback that was asked for."""
    if isinstance(sys.stderr, _Kept):
        sys.stderr.pass_on(text.splitlines())
    else:
        print(text, end="", file=sys.stderr, flush=True)


def _check_by_hand(hparams: Hyperparameters) -> None:
    nodes = hparams.nodes
    missing = [name for name in BY_HAND if name not in os.environ]
    if nodes > 1 and missing:
        raise ValueError(
            f"--nodes {nodes} needs torchrun or srun to start the processes (see CONTRIBUTING.md),"
            f" or on each machine the variables {', '.join(BY_HAND)};"
            f" {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        )
    _number({"NODE_RANK": "0"} | dict(os.environ), "NODE_RANK", 0, nodes)
    if nodes > 1:
        _number(os.environ, "MASTER_PORT", 1, 2**16)
    if (devices := n_devices(hparams.devices)) is not None:
        _number({"LOCAL_RANK": "0"} | dict(os.environ), "LOCAL_RANK", 0, devices)


def _check_even(launcher: str, processes: int, ratio: float) -> None:
    if ratio % 1:
        raise ValueError(
            f"{launcher} started {processes} processes, not the same number on each machine; a"
            " batch can't be shared like that"
        )


def _number(environ: Mapping[str, str], name: str, least: int, below: int | None = None) -> int:
    text = environ.get(name)
    try:
        value = int(text)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {text!r} in the environment; it should be a number") from None
    if value < least or (below is not None and value >= below):
        last = "on" if below is None else f"to {below - 1}"
        raise ValueError(f"{name} is {text!r} in the environment; here it is {least} {last}")
    return value
