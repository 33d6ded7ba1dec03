"""`python -m project.verify`: tell whether a run's files are what they were when it ended.

And whether what it says twice is the same: scores in the outcome, the journal, the table, the
confusion matrix and `runs.csv`, weights in the checkpoints, what the record says of other files.
"""

# PYTHON_ARGCOMPLETE_OK

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from project.cli.command import add_exp_dir, add_run, as_process, describe, guarded, print_error
from project.cli.parser import Parser
from project.run_directory import JOURNAL, OUTCOME, RUNS, TABLE
from project.words.telling import clean, quoted

if TYPE_CHECKING:
    from project.provenance.examination import Examination

UNKNOWN = (
    "no file can tell: who wrote them, whether all were replaced together, or whether the training"
    " ran as they say; `python -m project.reproduce RUN` runs it again"
)


def main(argv: Sequence[str]) -> int:
    """Verify runs.

    Returns:
        The exit code: 0; 1 if something was changed or is not so; 2 if the input is at fault.
    """
    return guarded(lambda: verify_all(make_parser().parse_args(argv)))


def verify_all(arguments: argparse.Namespace) -> int:
    """Verify the runs that were asked for; returns the exit code."""
    from project.provenance.find import find_runs

    if arguments.all:
        return shortly(arguments)
    found = find_runs(arguments.exp_dir, arguments.runs or ["last"])
    runs = list({run.resolve(): run for run in found}.values())  # one may be named twice
    codes = [verified(run) for run in runs]
    print(UNKNOWN)
    return max(codes)


def shortly(arguments: argparse.Namespace) -> int:
    """Verify every run, a line each.

    Returns:
        0; 1 if one was changed, is not so, or can't be verified. A run that goes on has no seal
        yet, and is no fault.
    Raises:
        ValueError: there are no runs, or some are named, too.
    """
    from project.provenance.find import all_runs
    from project.provenance.run import status

    if arguments.runs:
        raise ValueError(f"--all is every run: leave {quoted(arguments.runs[0])} out, or --all")
    failed = 0
    runs = all_runs(arguments.exp_dir)
    for run in runs:
        try:
            if status(run) == "running":
                print(f"{run.name}: still running")
                continue
            found = examine(run)
            faults, held = found.faults, found.held
        except (ValueError, OSError) as error:
            faults, held = [describe(error).removeprefix(f"{run.name} ")], []
        failed += bool(faults)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        print(f"{run.name}: {clean((faults or held)[0])}{more}", flush=True)
    print(f"{failed} of {len(runs)} runs not as they were" if failed else UNKNOWN)
    return 1 if failed else 0


def verified(run: Path) -> int:
    """Verify one of several runs; one that can't be does not keep the others from it."""
    try:
        return verify(run)
    except (ValueError, OSError) as error:
        print_error(error)
        return 2


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.verify",
        description="Tell whether a run's record, curves, figures and checkpoints are what they"
        " were when it ended, by the hashes in its outcome; what lies there and is no part of the"
        f" run; whether its scores are those of its journal, its {TABLE}, its row in {RUNS},"
        " and those that scikit-learn finds in its confusion matrix; and whether its checkpoints"
        " hold the recorded weights (for which PyTorch is loaded).",
    )
    add_run(parser, "runs", ", or an experiment (all its runs); not given: last", nargs="*")
    parser.add_argument("--all", action="store_true", help="every run, in a line each")
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    return parser


def verify(run: Path) -> int:
    """Say what was changed in one run, or is not so, and what was and could not be compared.

    Returns:
        0, or 1 if something was.
    Raises:
        ValueError: it has no seal, or none yet.
        OSError: its directory can't be read.
    """
    from project.provenance.run import status

    # One that goes on has none; one that is there may be damaged, which is told below.
    if not (run / OUTCOME).exists() and status(run) == "running":
        raise ValueError(f"{run.name} can't be verified: it is still running")
    found = examine(run)
    for line in [*found.faults, *found.held, *found.accepted]:
        print(f"{run.name}: {clean(line)}")
    for line in found.unchecked:
        print(f"{run.name}: not checked: {clean(line)}")
    return 1 if found.faults else 0


def examine(run: Path) -> "Examination":
    """All that can be checked of a run, checked.

    Raises:
        ValueError: it has no seal.
        OSError: its directory can't be read.
    """
    from project.provenance.examination import Examination
    from project.tracking.records import read_all

    found = Examination(run)
    found.examine(read_all(run / JOURNAL))
    return found


if __name__ == "__main__":
    sys.exit(as_process(main))
