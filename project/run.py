"""`python -m project.run`: train, evaluate and record one experiment."""

import sys

from project.command import outlive_readers
from project.main import main

if __name__ == "__main__":
    outlive_readers()
    sys.exit(main(sys.argv[1:]))
