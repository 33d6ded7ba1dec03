"""The process of an attempt: it is `python -m project.run` that knows whose trial it is.

`python -m project.search.attempts.carrying_out REQUEST LIFELINE TELL` is one that was started
anew, the arguments handles; others are forks of the origin (`forking.py`), which has all imported.
"""

import json
import os
import runpy
import signal
import sys
import threading
from typing import Any

from project.processes.seeds import TELL
from project.search.membership import Membership, take


def carry_out(request: int, lifeline: int, tell: int) -> None:
    """Make the run that is asked for; returns as `project.run` does, by SystemExit.

    Args:
        request: handle of a file that holds the request.
        lifeline: of a pipe whose other end the supervisor alone has, and never writes to.
        tell: of another, by which the run tells its directory.
    """
    for handle in (request, lifeline, tell):
        os.set_inheritable(handle, False)
    os.environ[TELL] = str(tell)
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    with open(request, "rb") as file:
        file.seek(0)
        told: dict[str, Any] = json.load(file)
    if told["member"]:
        take(Membership.from_json(told["member"]))
    sys.argv = ["project.run", *told["argv"]]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]  # by which a process may begin again
    runpy.run_module("project.run", run_name="__main__", alter_sys=True)


def _end_with(lifeline: int) -> None:
    """End this process at once when the supervisor has gone, however that went."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    carry_out(*map(int, sys.argv[1:]))
