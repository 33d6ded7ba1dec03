"""How much memory this process has, had at most, and may still take: of Linux alone."""

import re
from contextlib import suppress
from pathlib import Path

STATUS, CGROUP = Path("/proc/self/status"), Path("/sys/fs/cgroup")
# Limit, use, and what of it the system would give up, of a container: of version 2, and of 1.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        *("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
        "total_inactive_file",
    ),
)


def available(container: Path = CGROUP) -> int | None:
    """Bytes that the machine, and the container, still have for this process; None: unknown."""
    found = [_number("MemAvailable", Path("/proc/meminfo")), _left(container)]
    known = [n for n in found if n is not None]
    return min(known) if known else None


def resident() -> int | None:
    """Bytes of this process that are in memory now; None: unknown."""
    return _number("VmRSS", STATUS)


def peak() -> int | None:
    """Bytes of this process that were in memory at most, since `forget_peak`; None: unknown."""
    return _number("VmHWM", STATUS)


def forget_peak() -> None:
    """Let `peak` begin anew, where the system allows it; else it is of the whole process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _left(folder: Path) -> int | None:
    """What a container's limit leaves; None: it has none."""
    for limit, used, stat, freed in _LIMITS:
        with suppress(OSError, ValueError):  # "max" is no number
            whole, taken = (int((folder / name).read_text()) for name in (limit, used))
            return max(0, whole - taken + (_number(freed, folder / stat) or 0))
    return None


def _number(name: str, path: Path) -> int | None:
    """The number in the line of that name, in bytes."""
    with suppress(OSError):
        found = re.search(rf"^{name}:?\s+(\d+)( kB)?$", path.read_text(), re.M)
        return int(found[1]) * (1024 if found[2] else 1) if found else None
    return None
