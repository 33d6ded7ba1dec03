"""`python -m benchmarks`: run all benchmarks, or those named."""

import os
import platform
import sys
from datetime import date
from importlib import import_module
from pathlib import Path

import torch

if __name__ == "__main__":
    known = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    print(f"{date.today()}, {machine}, {versions}")
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"error: benchmark {name!r} is none of {', '.join(known)}")
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}", flush=True)
        module.main()
