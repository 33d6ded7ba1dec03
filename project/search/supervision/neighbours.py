"""Workers of this machine that have died without a word, whose jobs need wait for no lease."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from project.search.storage import Storage


def machine() -> str:
    """What tells this machine, since it was started, from others: a container is one of its own."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
        return f"{os.uname().nodename} {boot} {space}"
    return os.uname().nodename


def begun(pid: int) -> str | None:
    """When a process of this machine began; None: there is none, or it has ended.

    With it a number that another process has since got isn't taken for the former one.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        with suppress(ProcessLookupError):  # another system than Linux
            os.kill(pid, 0)
            return "alive"
        return None
    return None if state in "ZX" else rest[18]


def presume_dead(storage: "Storage", name: str) -> None:
    """Tell the storage which workers of this machine have died."""
    here = machine()
    for worker in storage.workers(name):
        is_here = not worker.gone and worker.about.get("machine") == here
        if is_here and begun(worker.pid) != worker.about.get("begun"):
            storage.presume_dead(worker.id)
