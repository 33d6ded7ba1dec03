"""The flags by which a command is told which runs to list."""

import argparse

from project.cli.parser import whole


def add_where(parser: argparse.ArgumentParser) -> None:
    """The flag that says which runs."""
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="EXPRESSION",
        help="only runs for which it holds: comparisons (== != < <= > >= in, and lists: model in"
        " (cnn, mlp)) of flags, scores, status, age, duration, sha, dirty, ..., with and, or, not"
        " and parentheses",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The flags that say which runs, and how many."""
    add_where(parser)
    parser.add_argument(
        "--sort",
        metavar="NAME",
        help="by this, the best score or the smallest value first (if not given: newest run first)",
    )
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument(
        "--limit",
        type=whole("number of runs", 1, 10**9),
        metavar="N",
        help="at most so many runs, in files too (if not given: 20 in the table)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="all runs and scores in the table; also what does not differ in a comparison",
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="NAME",
        help="what the table shows beside each run, in this order: flags, scores, age, sha, ...",
    )
