"""`python -m project.check`: test a trained model: its weights, outputs, scores, and what it bears.

The tests are pytest's; those in `checks/test_*.py`, in the folder one stands in, are run beside
them.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser
from project.cli.using import add_data_dir, add_device, add_trust
from project.soundness.limits import add_limits, limits_of

REQUIREMENTS = "requirements-check.txt"


def main(argv: Sequence[str]) -> int:
    """Check a run's best checkpoint.

    Returns:
        The exit code: 0; 1 if a check failed; 2 if the input is at fault.
    """
    return guarded(lambda: check(make_parser().parse_args(argv)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.check",
        description="Test a run's best checkpoint: whether its files and weights are what they"
        " were, its outputs sound, its recorded scores come out again, how many decisions change"
        " with the pictures, how long it takes. What came out stays beside the run.",
        epilog="example: --floor recall=0.9 --floor accuracy=0.95 --invariant shift=0.05",
    )
    add_run(parser)
    add_limits(parser)
    parser.add_argument(
        "--checks",
        type=Path,
        metavar="FOLDER",
        help="folder with further test_*.py, which may ask for the fixtures run, predictor,"
        " test_split, tested and found; not given: checks, if there is one here",
    )
    parser.add_argument("-k", metavar="WORDS", default="", help="only checks whose names match")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="file to write as JUnit XML")
    add_device(parser)
    add_data_dir(parser)
    add_trust(parser)
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def check(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    from project.provenance.find import find_run

    run = find_run(arguments.exp_dir, arguments.run)
    limits = limits_of(arguments, run)
    if find_spec("pytest") is None:
        raise ValueError(f"checks are pytest's: pip install -r {REQUIREMENTS}")
    from project.soundness.conduct import check_run

    return check_run(run, limits, arguments)


if __name__ == "__main__":
    sys.exit(as_process(main))
