"""`python -m project.card`: write a card of a trained model: what it is, how good, and its limits.

Each number stands beside the command that gives it again.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser


def main(argv: Sequence[str]) -> int:
    """Write a run's card.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """
    return guarded(lambda: card(make_parser().parse_args(argv)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.card",
        description="Write a run's card as Markdown, with the metadata of the model hub's, and as"
        " one page: model, data, scores with bootstrap intervals, worst classes; and calibration,"
        " checks and exported files, if project.calibrate, check and export were run before.",
    )
    add_run(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder to make; not given: beside the run's other files",
    )
    parser.add_argument("--license", default="", metavar="NAME", help="of the weights")
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def card(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    from project.provenance.find import find_run

    run = find_run(arguments.exp_dir, arguments.run)
    from project.modelcard.writing import write_card

    return write_card(run, arguments.license, arguments.output)


if __name__ == "__main__":
    sys.exit(as_process(main))
