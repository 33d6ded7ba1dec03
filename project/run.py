"""`python -m project.run`: train, evaluate and record one experiment."""

import sys

from project.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
