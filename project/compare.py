"""`python -m project.compare`: list runs, or show what differs between some."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, add_run, as_process, guarded
from project.cli.parser import Parser
from project.cli.selection import add_selection

_SECTIONS = {
    "code": "the diff of the code",
    "data": "what differs in the data, and in their files",
    "environment": "what differs in machines, packages and variables",
    "samples": "the test samples that one gets right and the other wrong",
}


def main(argv: Sequence[str]) -> int:
    """List or compare.

    Returns:
        The exit code: 0; 1 if a gate is violated; 2 if the input is at fault, or a part could not
        be compared.
    """
    return guarded(lambda: compare(argv))


def compare(argv: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code.

    Raises:
        ValueError: what is asked can't be understood.
        OSError: a file can't be read or written.
    """
    arguments = make_parser().parse_args(argv)
    asked = [name for name in (*_SECTIONS, "all_seeds") if getattr(arguments, name)]
    if asked and not arguments.runs:
        flag = f"--{asked[0].replace('_', '-')}"
        raise ValueError(f"{flag} is of a comparison: name the runs, or an experiment")
    # Only now, so that --help and a mistyped flag are answered at once.
    if arguments.gate:
        from project.comparison.gate.answering import gate_runs

        return gate_runs(arguments)
    from project.comparison.acting import compare_runs, list_runs

    return (compare_runs if arguments.runs else list_runs)(arguments)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.compare",
        description="Without a RUN: a table of the latest runs. With several: which is better, on a"
        " screen; runs that differ only in the seed are one setting. With one: all that is known of"
        " it.",
        epilog="""example: --where "val_accuracy > 0.9 and model == cnn and age < 2d" """,
    )
    add_run(parser, "runs", ", or an experiment (all its runs)", nargs="*")
    add_selection(parser)
    parser.add_argument(
        "--all-seeds",
        action="store_true",
        help="compare also the other seeds of the runs named, as far as their experiments have any",
    )
    for name, what in _SECTIONS.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"of a comparison also {what}")
    parser.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="CONDITION",
        help="of BASE and NEW, each a run, several with commas between them, or an experiment: what"
        " must not happen, as 'test_accuracy drops > 0.005' (drops, rises, changes, worsens; > 1 %%"
        " of the base; or test_accuracy < 0.9); prints a table in Markdown, and the exit code is 1"
        " where it does; with several seeds on both sides the 95 %% interval decides",
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="file to write all rows to, with every digit (- is standard output, here and below)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="file to write everything to; of a comparison also the curves",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="file to write as one page that opens without a network: the table, curves, parallel"
        " coordinates, the code's diffs, figures",
    )
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(as_process(main))
