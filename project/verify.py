"""`python -m project.verify`: tell whether a run's files are what they were when it ended.

And whether the scores it reports are those that scikit-learn finds in its confusion matrix.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from project.command import add_exp_dir, add_run, as_process, guarded
from project.parser import Parser


def main(argv: Sequence[str]) -> int:
    """Verify runs.

    Returns:
        The exit code: 0; 1 if something was changed or is not so; 2 if the input is at fault.
    """
    return guarded(lambda: verify_all(make_parser().parse_args(argv)))


def verify_all(arguments: argparse.Namespace) -> int:
    """Verify the runs that were asked for; returns the exit code."""
    from project.provenance.find import find_run

    runs = [find_run(arguments.exp_dir, reference) for reference in arguments.runs]
    return max([verify(run) for run in runs])


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.verify",
        description="Tell whether a run's record, curves, figures and checkpoints are what they"
        " were when it ended, by the hashes in its outcome, and whether its test scores are those"
        " that scikit-learn finds in its confusion matrix.",
    )
    add_run(parser, "runs", " (last)", nargs="*", default=["last"])
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def verify(run: Path) -> int:
    """Say what was changed in one run, or is not what scikit-learn finds.

    Returns:
        0, or 1 if something was.
    Raises:
        ValueError: it has no seal.
    """
    from project.provenance.proof import check_scores
    from project.provenance.seal import changes, parts

    found, n_scores = changes(run), 0
    if not found:
        n_scores, found = check_scores(run)
    for line in found:
        print(f"{run.name}: {line}")
    if not found:
        n_files = len(list(parts(run))) + 1
        print(f"{run.name}: unchanged since it ended ({n_files} files)")
        if n_scores:
            print(
                f"{run.name}: {n_scores} test scores equal scikit-learn's of its confusion matrix"
            )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(as_process(main))
