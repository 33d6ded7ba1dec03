"""`python -m project.calibrate`: make a model's probabilities as right as its validation tells.

A temperature, and sets of classes that hold the true one as often as is wanted; decisions stay.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser
from project.cli.using import add_data_dir, add_device, add_trust


def main(argv: Sequence[str]) -> int:
    """Calibrate a run's best checkpoint.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """
    return guarded(lambda: calibrate(make_parser().parse_args(argv)))


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.calibrate",
        description="Find, by the validation samples, the temperature of a run's model and the"
        " thresholds of sets of classes that hold the true one; what they do on the test is told,"
        " with diagrams of before and after. They stay beside the run, for project.predict"
        " --calibrated and --conformal.",
    )
    add_run(parser)
    parser.add_argument(
        "--coverage",
        type=_share,
        action="append",
        metavar="SHARE",
        help="how often sets are to hold the true class (0.9); several allowed",
    )
    parser.add_argument(
        "--per-class", action="store_true", help="so often for each class, not only overall"
    )
    add_device(parser)
    add_data_dir(parser)
    add_trust(parser)
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def calibrate(arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code."""
    from project.provenance.find import find_run

    arguments.coverage = list(dict.fromkeys(arguments.coverage or [0.9]))
    run = find_run(arguments.exp_dir, arguments.run)
    from project.calibration.calibrated import calibrate_run

    return calibrate_run(run, arguments)


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"a share is in (0, 1), not {text}")
    return value


if __name__ == "__main__":
    sys.exit(as_process(main))
