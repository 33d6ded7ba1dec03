"""How much memory this process has needed at most, of the machine's and of its device's."""

import re
import resource
import sys
from pathlib import Path


def peak_memory() -> dict[str, int | None]:
    """Bytes since the process began: `resident` in the machine's memory, `device` on its GPU.

    On a GPU they are what PyTorch allocated; its reserves and libraries come on top. None: no GPU.
    """
    torch = sys.modules.get("torch")
    used = torch is not None and torch.cuda.is_initialized()
    return {
        "resident": _resident(),
        "device": torch.cuda.max_memory_allocated() if used else None,
    }


def _resident() -> int:
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    # Linux's getrusage also counts what the process that started this one needed.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"^VmHWM:\s*(\d+) kB$", status, re.M)[1]) * 1024
