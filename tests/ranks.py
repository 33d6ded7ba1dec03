"""Runs of 1, 2 and 3 processes, started as torchrun does it: `python -m tests.ranks FOLDER LIST`.

All processes are forked from one that has loaded what they need. What rank r of n prints goes to
`n-r.txt`, the exit codes of its runs last; the files that it opens to write to `n-r.opened`.
"""

import json
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.nn import functional

from project.main import main
from tests.test_resume import at_step

COMMON = "--max-epochs 2 --batch-size 100 --accelerator cpu --tracker none --dropout 0".split()
MLP = ["--model", "mlp", "--hidden-dim", "32", "--augment", "flip", "--without", "reports", *COMMON]
WEIGHTED = "--loss cross-entropy focal*0.5 --class-weights balanced --sampler balanced".split()
NORM = [*COMMON, "--width", "4", "--max-epochs", "1", "--seed", "2", *WEIGHTED]
# 50 samples for training in batches of 9, the last of 5; 10 for the validation and for the test, of
# which the last batch has 1: two of three ranks have none of it.
FEW = "--data synthetic --synthetic-samples 70 --batch-size 9 --accumulate 7 --exp-name few".split()


@dataclass(frozen=True)
class Planned:
    """A run: its command line, by how many processes, and what `action` does to which of them.

    Attributes:
        at: a rank, a method of the solver, and after how many steps it is called.
    """

    argv: Sequence[str]
    n: tuple[int, ...] = (1, 2, 3)
    at: tuple[int, str, int] | None = None
    action: Callable[[], Any] = lambda: None


def raise_error() -> None:
    raise RuntimeError("only here")


def make_nan() -> None:
    """Let the next loss be NaN."""
    true = functional.cross_entropy

    def once(*args: Any, **settings: Any) -> torch.Tensor:
        functional.cross_entropy = true
        return true(*args, **settings) * torch.nan

    functional.cross_entropy = once


def send(signum: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), signum)


RUNS = [
    Planned([*MLP, "--exp-name", "mlp"]),
    Planned([*NORM, "--exp-name", "norm"], (1, 3)),
    Planned([*MLP, *FEW], (1, 3)),
    Planned([*MLP, "--exp-name", "term"], (3,), (1, "_optimize", 15), send(signal.SIGTERM)),
    Planned(["--resume", "last", "--exp-name", "term"], (3,)),
    Planned([*MLP, "--exp-name", "error", "--traceback"], (3,), (1, "_optimize", 15), raise_error),
    Planned([*MLP, "--exp-name", "killed"], (3,), (2, "_optimize", 15), send(signal.SIGKILL)),
]
# Further ways to end, and a run twice, which are looked at each night.
ENDS = [
    Planned([*NORM, "--exp-name", "norm"], (3,)),
    Planned([*NORM, "--exp-name", "again"], (3,)),
    Planned([*MLP, "--exp-name", "val"], (3,), (2, "eval_step", 13), send(signal.SIGINT)),
    Planned(
        [*MLP, "--exp-name", "test"], (3,), (0, "on_test_epoch_start", 26), send(signal.SIGINT)
    ),
    Planned([*MLP, "--exp-name", "nan"], (3,), (1, "_optimize", 15), make_nan),
]
# Batches of 5 classes with 4 samples each, whose shares cut through classes: of three 6, 7 and 7.
# Each anchor's pairs are with the samples of all.
EMBEDDING = (
    "--task embedding --train-classes 0-4 --batch-size 20 --model mlp --hidden-dim 32".split()
)
EMBEDDING += "--dropout 0 --max-epochs 1 --accelerator cpu --tracker none --without reports".split()
EMBEDDING += "--loss triplet contrastive*0.5 info-nce*0.5 --triplet-mining semi-hard".split()
PAIRS = [
    Planned([*EMBEDDING, "--exp-name", "pairs"]),
    # Of three, DistributedDataParallel adds in another order in the first step after a start.
    Planned([*EMBEDDING, "--exp-name", "halt"], (2,), (1, "_optimize", 17), send(signal.SIGTERM)),
    Planned(["--resume", "last", "--exp-name", "halt"], (2,)),
]
LISTS = {"runs": RUNS, "ends": ENDS, "pairs": PAIRS}


def watched(folder: Path, rank: int, n: int) -> None:
    """Send what this process prints to a file, and note what it opens to write."""
    output = os.open(folder / f"{n}-{rank}.txt", os.O_WRONLY | os.O_CREAT)
    opened = os.open(folder / f"{n}-{rank}.opened", os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)

    def note(event: str, args: tuple) -> None:
        if event != "open" or not isinstance(args[0], str):
            return
        if args[2] & (os.O_WRONLY | os.O_RDWR):
            os.write(opened, f"{args[0]}\n".encode())

    sys.addaudithook(note)


def work(
    folder: Path, rank: int, n: int, runs: list[Planned], ports: list[int], together: Barrier
) -> None:
    """One process: all of `runs` by `n`, one after the other."""
    variables = {"TORCHELASTIC_RUN_ID": "none", "GROUP_RANK": 0, "LOCAL_WORLD_SIZE": n}
    variables |= {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": n, "MASTER_ADDR": "127.0.0.1"}
    codes = []
    for planned, port in zip(runs, ports, strict=True):
        if n not in planned.n:
            continue
        # The first process may still be writing what the next run goes on from.
        together.wait()
        os.environ |= {k: str(v) for k, v in variables.items()} | {"MASTER_PORT": str(port)}
        _, method, step = planned.at or (0, "", 0)
        mine = planned.at is not None and planned.at[0] == rank
        here = at_step(method, step, planned.action) if mine else nullcontext()
        with here:
            places = ["--exp-dir", str(folder / str(n)), "--data-dir", str(folder / "data")]
            codes.append(main([*planned.argv, *places]))
        if dist.is_initialized():
            dist.destroy_process_group()
    os.write(1, json.dumps(codes).encode())


def reserve(stack: ExitStack) -> int:
    """A port that stays free to listen on."""
    kept = stack.enter_context(socket.socket())
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept.getsockname()[1]


def fork(folder: Path, rank: int, *shared: Any) -> int:
    child = os.fork()
    if child:
        return child
    try:
        watched(folder, rank, shared[0])
        work(folder, rank, *shared)
    finally:
        os._exit(0)


if __name__ == "__main__":
    for module in (
        "project.experiment",
        "project.datasets.digits",
        "sklearn.metrics",
        "torch._dynamo",
    ):
        import_module(module)
    runs = LISTS[sys.argv[2]]
    with ExitStack() as stack:
        for n in sorted({n for planned in runs for n in planned.n}):
            ports = [reserve(stack) for _ in runs]
            shared = (n, runs, ports, multiprocessing.get_context("fork").Barrier(n))
            for child in [fork(Path(sys.argv[1]), rank, *shared) for rank in range(n)]:
                os.waitpid(child, 0)
