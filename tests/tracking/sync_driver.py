"""`project.sync` in a process that lives on, for tests: what SDKs import, it imports once.

Reads lines `send RUN`, and `runs` with words for that command; answers each with the exit code.
After `die` it kills itself as soon as MLflow has taken points, before the follower can remember
that.
"""

import os
import signal
import sys
from typing import Any

from project import runs, sync
from project.trackers.mlflow import MlflowTracker


def die_after_log() -> None:
    log = MlflowTracker.log

    def log_and_die(self: MlflowTracker, records: list[dict[str, Any]]) -> None:
        log(self, records)
        os.kill(os.getpid(), signal.SIGKILL)

    MlflowTracker.log = log_and_die


for line in sys.stdin:
    words = line.split()
    if words[0] == "die":
        die_after_log()
    else:
        command = runs if words[0] == "runs" else sync
        print("code", command.main(words[1:]), flush=True)
