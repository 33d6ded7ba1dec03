"""`python -m project.run`: train, evaluate and record one experiment."""

# PYTHON_ARGCOMPLETE_OK

import sys

from project.cli.command import as_process
from project.main import main

if __name__ == "__main__":
    # The run itself is on disk, whatever became of its lines.
    code = as_process(main, lost=0)
    if "torch" in sys.modules:  # which takes a while to go
        import signal  # 3 ms that --help need not pay

        # Nothing is left that Ctrl-C, pressed once more, could end; it would print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)
