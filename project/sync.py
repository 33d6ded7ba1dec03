"""`python -m project.sync`: bring a tracker up to date with runs, live or long after."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from project.cli.command import (
    add_exp_dir,
    add_run,
    as_process,
    load_private_settings,
    print_error,
)
from project.cli.parser import Parser
from project.hyperparameters import DEBUG
from project.run_directory import log_of, runs_below
from project.tracking import followed, usual


def main(argv: Sequence[str]) -> int:
    """Send runs to a tracker.

    Returns:
        The exit code: 0; 1 if the tracker could not be reached; 2 if the input is at fault.
    """
    with scrubbed_output():
        try:
            load_private_settings()
            arguments = make_parser().parse_args(argv)
            if arguments.follow:
                return follow_one(arguments)
            # By itself, without runs that are named, it sends all there is.
            left = 0 if arguments.run else send_left(arguments.tracker)
            return max([left, *(send_one(run, arguments.tracker) for run in find_runs(arguments))])
        except (ValueError, OSError) as error:
            print_error(error)
            return 2
        except KeyboardInterrupt:
            print("\ninterrupted; what was sent is remembered", file=sys.stderr)
            return 130


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
        prog="python -m project.sync",
        description="Bring a tracker up to date with runs: each point and file is sent once."
        " Without a RUN, --tracker neptune also sends what the client itself left in .neptune.",
    )
    add_run(parser, more=" (without one, all runs that the tracker lacks)", nargs="*")
    parser.add_argument(
        "--tracker",
        choices=followed(),
        default=usual(os.environ),
        help="where to send (neptune if NEPTUNE_API_TOKEN is set, otherwise mlflow)",
    )
    add_exp_dir(parser, "folder of all runs (%(default)s)")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="send the run that standard input names on and on, until more or nothing comes from"
        " there, as training does",
    )
    parser.add_argument(
        "--each",
        action="store_true",
        help="with --follow: send each of several runs that standard input names once it has ended,"
        " as a sweep does",
    )
    return parser


def follow_one(arguments: argparse.Namespace) -> int:
    """Follow the run that standard input names until it ends; without one, there is no work."""
    from project.tracking.choice import preload
    from project.tracking.live import follow
    from project.tracking.training import Training, give_way

    if arguments.run:
        given = " ".join(arguments.run)
        raise ValueError(f"--follow takes its run from standard input, not {given!r}")
    if arguments.each:
        return follow_all(arguments.tracker)
    training = Training(sys.stdin.fileno())
    give_way()
    try:
        preload(arguments.tracker)
    except Exception:
        pass  # opening the tracker meets the same, and there is a log for it then
    run = training.run_dir()
    if run is None:
        return 0
    with open(log_of(run, arguments.tracker), "ab") as log:
        for output in (1, 2):
            os.dup2(log.fileno(), output)
    return follow(run, arguments.tracker, training)


def follow_all(tracker: str) -> int:
    """Send the runs that standard input names; this process is others' in all else."""
    from project.tracking.choice import preload
    from project.tracking.each import follow_each
    from project.tracking.training import give_way

    give_way()
    with suppress(Exception):  # opening the tracker meets the same, and there is a log for it then
        preload(tracker)
    return follow_each(sys.stdin.fileno(), tracker)


def find_runs(arguments: argparse.Namespace) -> list[Path]:
    """Directories of the runs asked for.

    Raises:
        ValueError: there is no such run, or no folder of runs.
    """
    from project.provenance.find import find_run
    from project.tracking.follower import is_current

    if arguments.run:
        return [find_run(arguments.exp_dir, reference) for reference in arguments.run]
    if not arguments.exp_dir.is_dir():
        raise ValueError(f"--exp-dir {str(arguments.exp_dir)!r} is no folder: give the one of runs")
    runs = sorted(runs_below(arguments.exp_dir))
    # Runs of `debug` are sent only when asked for by name.
    lacking = [
        run for run in runs if run.parent.name != DEBUG and not is_current(run, arguments.tracker)
    ]
    if not lacking:
        print(f"{arguments.tracker}: all runs below {arguments.exp_dir} are up to date")
    return lacking


def send_one(run: Path, tracker: str) -> int:
    """Send one run and say what was sent; returns the exit code."""
    from project.provenance.run import status
    from project.tracking.sending import send

    return send(run, tracker, running=status(run) == "running")


def send_left(tracker: str) -> int:
    """Send what scripts that use the Neptune client themselves left here; returns the exit code."""
    if tracker != "neptune":
        return 0
    from project.tracking.neptune.left import send_left
    from project.tracking.sending import not_sent

    try:
        for line in send_left():
            print(f"{tracker}: {line}")
    except Exception as error:
        return not_sent(tracker, error)
    return 0


@contextmanager
def scrubbed_output() -> Iterator[None]:
    """Keep credentials that an SDK may print out of what people and logs see."""
    from project.tracking.scrub import Scrubbed

    output, errors = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Scrubbed(output), Scrubbed(errors)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = output, errors


if __name__ == "__main__":
    sys.exit(as_process(main))
