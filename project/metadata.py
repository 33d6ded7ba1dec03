"""`python -m project.metadata`: all runs as tables to query, and settings like that of a run."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from project.cli.command import add_exp_dir, as_process, guarded
from project.cli.parser import Parser, whole
from project.cli.selection import add_where
from project.metadataset.tables import TABLES
from project.run_directory import METADATA
from project.words.telling import RUN


def main(argv: Sequence[str]) -> int:
    """Show or write tables.

    Returns:
        The exit code: 0; 2 if the input is at fault.
    """
    return guarded(lambda: metadata(argv))


def metadata(argv: Sequence[str]) -> int:
    """Do what the command line asks; returns the exit code.

    Raises:
        ValueError: what is asked can't be understood.
        OSError: a file can't be read or written.
    """
    arguments = make_parser().parse_args(argv)
    problems = list(_problems(arguments))
    if problems:
        raise ValueError("\n".join(problems))
    from project.metadataset.acting import act

    return act(arguments)


def _problems(arguments: argparse.Namespace) -> list[str]:
    """What does not go together, a line each."""
    selecting = [
        name
        for name in ("where", "sort", "reverse", "columns", "all", "limit")
        if getattr(arguments, name)
    ]
    if arguments.nearest is not None:
        given = [name for name in selecting if name not in ("where", "limit")]
        given += ["TABLE"] if arguments.table else []
        given += ["parquet"] if arguments.parquet is not None else []
        what = "--nearest lists settings"
    elif arguments.parquet is not None:
        given = [*selecting, *(["TABLE"] if arguments.table else [])]
        what = "--parquet writes all tables"
    elif arguments.table is None:
        given, what = selecting, f"name a TABLE of {', '.join(TABLES)}"
    else:
        return []
    return [
        f"{name if name.isupper() else f'--{name}'} says nothing here: {what}" for name in given
    ]


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.metadata",
        description="Without a TABLE: which tables there are over all runs. With one: its rows."
        f" What runs say is kept in {METADATA} beside them, and only what has changed is read.",
        epilog="""example: experiment --where "val_accuracy > 0.9 and model == cnn" --sort seed""",
    )
    parser.add_argument(
        "table", nargs="?", choices=tuple(TABLES), metavar="TABLE", help=f"{', '.join(TABLES)}"
    )
    add_where(parser)
    parser.add_argument(
        "--sort", metavar="NAME", help="by this, the smallest first (not given: newest run first)"
    )
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument(
        "--limit",
        type=whole("number of rows", 1, 10**9),
        metavar="N",
        help="at most so many rows (not given: 20 on a terminal)",
    )
    parser.add_argument("--all", action="store_true", help="all columns")
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="NAME", help="these columns, in this order"
    )
    nearest = parser.add_argument(
        "--nearest",
        metavar="RUN",
        help=f"the settings that are nearest to this run's, and how good they were: {RUN}",
    )
    nearest.completer = _runs
    parser.add_argument(
        "--parquet",
        type=Path,
        metavar="FOLDER",
        help="folder to write all tables to, a Parquet file each, and the vectors of all settings",
    )
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def _runs(**asked: object) -> object:
    from project.cli.completion import runs  # which only a shell asks for

    return runs(**asked)


if __name__ == "__main__":
    sys.exit(as_process(main))
