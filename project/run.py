"""`python -m project.run`: train, evaluate and record one experiment."""

import sys

from project.command import as_process
from project.main import main

if __name__ == "__main__":
    # The run itself is on disk, whatever became of its lines.
    sys.exit(as_process(main, lost=0))
