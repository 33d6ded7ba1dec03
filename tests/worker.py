"""A forked worker of pytest-xdist: `worker.py SESSION -u -c CODE`, for a Python that runs CODE.

Three workers that import PyTorch, Lightning, MLflow and the Neptune client, each for itself, take
forty seconds of a processor before the first test. What pytest-xdist starts is this instead, which
does next to nothing: it asks the process that has all of them for a fork that runs CODE, lends it
its input and outputs, and ends when it does.
"""

import os
import signal
import sys
from pathlib import Path

import forks  # beside this file: of the tests, nothing else is found here

# Warnings are for pytest to choose, whatever the process that forks has been told.
UNTOLD = "import sys; sys.warnoptions.clear()\n"


def main(session: str, argv: list[str]) -> int:
    """Be that worker, as far as pytest-xdist can see; returns its exit code."""
    os.environ["PYTEST_XDIST_TESTRUNUID"] = session  # by which the tests find the same process
    code = argv[argv.index("-c") + 1]
    worker = forks.lent(["-c", UNTOLD + code], os.environ, Path.cwd())
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches this process alone
        signal.signal(number, lambda number, _: worker.send_signal(number))
    return worker.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) & 0xFF)
