"""What the command line of `project.reproduce` takes; flags after `--` are in `forced.py`."""

import argparse
import math

from project.cli.command import add_exp_dir, add_run
from project.cli.parser import Parser
from project.words.telling import quoted

TOLERANCE = 1e-5
PROG = "python -m project.reproduce"


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog=PROG,
        usage="%(prog)s [options] [RUN] [-- FLAG ...]",
        description="Run a recorded run again, with its own code, flags and data, and compare"
        " every logged value and the final weights. Flags after -- win over the recorded ones.",
    )
    stored = ", or the id or address of a run in an MLflow store (last)"
    add_run(parser, more=stored, nargs="?", default="last")
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    parser.add_argument(
        "--epochs", type=positive, metavar="N", help="stop after N epochs and prove those"
    )
    parser.add_argument(
        "--env",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an environment variable that wins over the recorded ones, as OMP_NUM_THREADS=1",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="stop before training if data or environment differ from the recorded ones",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be run and what differs, and stop: nothing is trained or written",
    )
    parser.add_argument(
        "--tolerance",
        type=tolerance,
        default=TOLERANCE,
        metavar="X",
        help="relative difference up to which a value counts as reproduced (%(default)s)",
    )
    return parser


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of epochs: give 1 or more")
    return int(text)


def tolerance(text: str) -> float:
    """A relative difference; one of 1 or more would let everything pass."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} is no tolerance: give a number from 0 to less than 1, such as 1e-5"
        )
    return value


def assignment(text: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like NAME=VALUE")
    return name, value
