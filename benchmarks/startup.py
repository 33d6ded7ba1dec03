"""Seconds from the first keystroke to the answer, beside Python importing argparse."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks._turns import compare

ROOT = Path(__file__).parents[1]


def seconds(*argv: str) -> float:
    """How long a Python process with these arguments takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """`--help` and a rejected flag."""
    compare(
        {
            "import argparse": lambda: seconds("-c", "import argparse"),
            "project.run --help": lambda: seconds("-m", "project.run", "--help"),
            "project.run --modle x": lambda: seconds("-m", "project.run", "--modle", "x"),
        },
        n=21,
    )


if __name__ == "__main__":
    main()
