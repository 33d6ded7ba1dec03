"""How much memory this process has needed at most, of the machine's and of its device's."""

import resource
import sys


def peak_memory() -> dict[str, int | None]:
    """Bytes since the process began: `resident` in the machine's memory, `device` on its GPU or None.

    What is kept on a GPU is what PyTorch allocated there; its reserves and its libraries come on top.
    """
    torch = sys.modules.get("torch")
    used = torch is not None and torch.cuda.is_initialized()
    # macOS counts bytes, Linux kilobytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "device": torch.cuda.max_memory_allocated() if used else None,
    }
