"""Seconds of whole Python processes, seen from outside."""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def seconds(*argv: str) -> float:
    """How long a Python process with these arguments takes, whatever its exit code."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True)
    return time.perf_counter() - began


def seconds_to_step(*argv: str) -> float:
    """From the start of a Python process to the moment it prints as "step done: SECONDS"."""
    began = time.time()
    done = subprocess.run(
        [sys.executable, *argv], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return float(re.search(r"step done: (\S+)", done.stdout)[1]) - began
