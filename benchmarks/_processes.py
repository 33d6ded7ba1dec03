"""Whole Python processes, seen from outside: how long, how large, and what their journals say."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from project.files.root import ROOT

SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Finished(NamedTuple):
    """A run of the project that has ended.

    Attributes:
        began: when its process was started, in seconds since 1970.
        recorded: when the record was on the disk, likewise.
        times: when each step's loss was logged, likewise, by step.
        epochs: when the scores of each validation were logged, likewise.
        peak: largest resident set of the process, in bytes.
        waited: seconds that its threads were ready to go on but waited for a core, all together.
    """

    began: float
    recorded: float
    times: dict[int, float]
    epochs: list[float]
    peak: int
    waited: float


def seconds(*argv: str) -> float:
    """How long a Python process with these arguments takes, whatever its exit code."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True)
    return time.perf_counter() - began


def seconds_to_step(*argv: str) -> float:
    """From the start of a Python process to the moment that it prints as "step done: SECONDS"."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return float(re.search(r"step done: (\S+)", done.stdout)[1]) - began


def seconds_to_line(beginning: str, *argv: str) -> tuple[float, float]:
    """From the start of a Python process to its line that begins so, and to its end."""
    began = time.perf_counter()
    command = [sys.executable, *argv]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        times = [time.perf_counter() for line in process.stdout if line.startswith(beginning)]
    assert process.returncode == 0 and len(times) == 1, command
    return times[0] - began, time.perf_counter() - began


def peak(*argv: str) -> int:
    """Largest resident set of a Python process, in bytes."""
    return end(subprocess.Popen([sys.executable, *argv], cwd=ROOT, **SILENT)).peak


def project(*flags: str, store: Path | None = None, **environment: str) -> Finished:
    """The project's command, to its end; `store` as of `projects`."""
    return projects(flags, count=1, environment=environment, store=store)[0]


def projects(
    flags: tuple[str, ...], count: int, environment: Mapping[str, str], store: Path | None = None
) -> list[Finished]:
    """Several of them at once that know nothing of each other.

    Args:
        flags: of the command.
        count: how many.
        environment: what is set for them.
        store: an embedded store, of which each has a copy; else a run that needs one makes it.
    """
    with TemporaryDirectory() as folder:
        if store is not None:
            for i in range(count):
                Path(folder, str(i)).mkdir()
                copyfile(store, Path(folder, str(i), store.name))
        began, started = time.time(), []
        for i in range(count):
            argv = ["-m", "project.run", *flags, "--exp-dir", f"{folder}/{i}"]
            options = {"cwd": ROOT, "env": os.environ | environment} | SILENT
            started.append(subprocess.Popen([sys.executable, *argv], **options))
        with ThreadPoolExecutor(count) as pool:
            ends = list(pool.map(end, started))
        wait_for_followers(folder)
        return [_read(Path(folder, str(i)), began, ended) for i, ended in enumerate(ends)]


class End(NamedTuple):
    """What the system knows of a process that has ended, as of `Finished`."""

    peak: int
    waited: float


def end(process: subprocess.Popen) -> End:
    """Await the end of a process, which must be a good one."""
    waited: dict[str, int] = {}
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        waited |= _waits(process.pid)
        time.sleep(0.1)
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{process.args}: exit code {process.returncode}"
    return End(usage.ru_maxrss * 1024, sum(waited.values()) / 1e9)


def _waits(pid: int) -> dict[str, int]:
    """Nanoseconds that each thread of a process has waited for a core so far."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        # A thread may end meanwhile; what it has waited is known from before.
        with suppress(OSError, IndexError):
            found[task.name] = int((task / "schedstat").read_text().split()[1])
    return found


def wait_for_followers(folder: str) -> None:
    """They may go on after the run; none must take time from what is measured next."""
    while any(folder.encode() in _command(path) for path in Path("/proc").glob("[0-9]*/cmdline")):
        time.sleep(0.1)


def _command(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has just ended
        return b""


def _read(exp_dir: Path, began: float, ended: End) -> Finished:
    (record,) = exp_dir.glob("*/*/record.json")
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in record.with_name("journal.jsonl").read_text().splitlines()
    ]
    times = {line["step"]: line["time"] for line in lines if "train_loss" in line["metrics"]}
    epochs = [line["time"] for line in lines if "val_loss" in line["metrics"]]
    return Finished(began, record.stat().st_mtime, times, epochs, *ended)
