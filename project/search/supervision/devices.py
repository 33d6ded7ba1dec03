"""The GPUs that a sweep's attempts take in turn, found without PyTorch."""

import os
import re
import subprocess
from collections.abc import Mapping


def gpus(accelerator: str, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Their names, as CUDA_VISIBLE_DEVICES has them; none where attempts compute on the CPU.

    Args:
        accelerator: of the flags.
        environ: the environment.
    """
    if accelerator not in ("auto", "gpu"):
        return ()
    if (named := environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(name.strip() for name in named.split(",") if name.strip() not in ("", "-1"))
    try:
        asked = ["nvidia-smi", "-L"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(re.findall(r"^GPU (\d+):", told, re.MULTILINE))
