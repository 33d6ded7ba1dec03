"""The processes of attempts, and of what forks them: how they begin, and what they are given."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from project.files.root import findable_here

# By the first of these PyTorch, and the libraries below it, know how many threads they may have;
# the others would win over it for one of them.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """That of a person who runs a trial's command with so many threads."""
    kept = {name: value for name, value in findable_here().items() if name not in THREADS}
    return kept | {THREADS[0]: str(threads)}


def begin(
    command: Sequence[str], env: Mapping[str, str], output: IO[bytes], handles: Sequence[int]
) -> subprocess.Popen[bytes]:
    """A process that Ctrl-C in the terminal does not reach: its supervisor sees to that."""
    return subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=list(handles),
        process_group=0,
    )


def in_memory(content: Any = None) -> IO[bytes]:
    """A file in memory, where there are such, of any length; none of a full disk."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("request"), "w+b")
    else:
        file = tempfile.TemporaryFile()
    if content is not None:
        file.write(json.dumps(content).encode())
        file.flush()
    return file
