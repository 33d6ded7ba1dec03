"""Commands as a person can paste them into the shell that they have used."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any


def command(module: str, *words: str) -> str:
    """The command line of `python -m project.<module>` with `words`, quoted."""
    return shlex.join([python(), "-m", f"project.{module}", *words])


@cache
def python() -> str:
    """This process's interpreter: `python` where the shell finds it so, else as it was called."""
    for name in ("python", sys.orig_argv[0]):
        found = shutil.which(name)
        # By folder: what an environment links to is not the environment.
        if found and os.path.samefile(os.path.dirname(found), os.path.dirname(sys.executable)):
            return name
    return sys.executable


def as_flags(values: Mapping[str, Any]) -> Iterator[str]:
    """The words of a command line that give hyperparameters these values."""
    for name, value in values.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            yield flag if value else f"--no-{flag[2:]}"
        else:
            yield flag
            yield from map(str, value if isinstance(value, (list, tuple)) else [value])
