"""`python -m project.reproduce`: run a recorded run again and prove that its numbers come out."""

# PYTHON_ARGCOMPLETE_OK

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from project.cli.command import as_process, guarded
from project.cli.stage import stage
from project.files.root import ROOT
from project.reproduction.arguments import make_parser
from project.reproduction.forced import Forced, split
from project.run_directory import PATCH, SOURCE
from project.words.paths import brief
from project.words.telling import clean

if TYPE_CHECKING:
    from project.reproduction.expected import Recorded
    from project.reproduction.origin import Stored
    from project.reproduction.verdict import Verdict


def main(argv: Sequence[str]) -> int:
    """Reproduce a run.

    Returns:
        The exit code: 0 if it was reproduced; 1 if it differs; 2 if the input is at fault.
    """

    def act() -> int:
        own, forced = split(argv)
        try:
            return reproduce(make_parser().parse_args(own), forced)
        except KeyboardInterrupt:
            print("\ninterrupted: no verdict", file=sys.stderr)
            raise
        finally:
            stage("")

    return guarded(act)


def with_data_at(run: "Recorded", path: str) -> "Recorded":
    """The run as if its data had been in this folder; no result follows from that."""
    flags = run.record["flags"] | {"data_dir": os.path.abspath(path)}
    return replace(run, record=run.record | {"flags": flags})


def reproduce(arguments: argparse.Namespace, forced: Forced) -> int:
    """Check, run and compare; say what came out.

    Args:
        arguments: of `make_parser`.
        forced: what is to be another than recorded.

    Returns:
        0 if it was reproduced, 1 if not, 2 if --strict kept it from being tried; with --dry-run 0
        if nothing differs, 1 if something does.
    Raises:
        ValueError: the run, its code or its data can't be had.
    """
    from project.provenance.environment_changes import restored
    from project.reproduction import lineage
    from project.reproduction.checks import check, check_epochs
    from project.reproduction.origin import find
    from project.reproduction.plugs import with_plugs
    from project.reproduction.report import trackers_of
    from project.reproduction.rerun import rerun
    from project.reproduction.sources import checkout

    then, original = find(arguments.exp_dir, arguments.run)
    check_epochs(then, arguments.epochs)
    if then.record.get("parent"):
        if (found_there := with_parent(then, original, arguments, forced)) is None:
            return 1
        then, arguments = found_there, counted(then, arguments)
    lineage.check_teachers(then, arguments.exp_dir)
    trackers = trackers_of(then, forced)
    if forced.data_dir is not None:
        then = with_data_at(then, forced.data_dir)
    if then.outcome is None:
        print(f"{then.run_id} never ended, so no seal vouches for its record", flush=True)
    packed = original / SOURCE if isinstance(original, Path) else None
    stage("putting its code together")
    with (
        checkout(then.record["code"], then.patch, ROOT, packed) as found_code,
        TemporaryDirectory(prefix="reproduce-plugs-") as folder,
    ):
        sources = with_plugs(found_code, then, Path(folder).resolve(), ROOT)
        tell(sources.notes + sources.unproved)
        stage("looking at data and environment")
        environ = restored(then.record["environment"]) | dict(arguments.env)
        environ |= {"PYTHONPATH": sources.python_path}
        found = sources.differences + check(then, sources.folder, environ)
        tell(then.stages, "not repeated: ")
        tell(found, "now another: ")
        if arguments.dry_run:
            return tell_plan(then, arguments, forced, len(found))
        found += then.stages
        told = {*sources.notes, *sources.unproved, *found}
        if found and arguments.strict:
            things = "1 thing" if len(found) == 1 else f"{len(found)} things"
            print(f"DIFFERS before training: {things}, see above (--strict)")
            return 2
        epochs = last_epoch(then, arguments)
        made = rerun(then, sources.folder, environ, arguments.exp_dir, epochs, forced.flags)
    print(f"run again as {brief(made)}", file=sys.stderr)
    verdict = compare(then, made, sources.differences + sources.unproved, arguments)
    tell((line for line in verdict.explanations if line not in told), "  ")
    return conclude(then, original, made, verdict, trackers)


def conclude(
    then: "Recorded",
    original: "Path | Stored",
    made: Path,
    verdict: "Verdict",
    trackers: Sequence[str],
) -> int:
    """Keep and send the verdict, and say it; returns the exit code."""
    from project.reproduction.report import write

    content = asdict(verdict) | {"line": verdict.line}
    try:
        lines = write(original, made, then.run_id, content, trackers)
        print(*lines, sep="\n", end="\n" * bool(lines), file=sys.stderr, flush=True)
    finally:
        # Last, whatever became of the sending.
        tell([verdict.line + (", see above" if verdict.explanations else "")])
    return 1 if verdict.word == "DIFFERS" else 0


def with_parent(
    then: "Recorded", original: "Path | Stored", arguments: argparse.Namespace, forced: Forced
) -> "Recorded | None":
    """The run as going on from one that has what its parent handed over, which is made again first
    if it is gone; None if that did not come out.

    Raises:
        ValueError: the parent is not here, or can't be repeated as far as the run went on from.
    """
    from project.reproduction import lineage

    parent = lineage.parent_of(then, original, arguments.exp_dir)
    there = lineage.handed_over(then, parent)
    if there is None:
        lineage.check_repeatable(then, parent)
        how = "would be run" if arguments.dry_run else "is run"
        why = f"what {then.run_id} took over from it is gone"
        tell([f"{parent.name} {how} again first: {why}"])
        if not arguments.dry_run:
            code = reproduce(*lineage.again(parent, arguments, forced))
            there = lineage.handed_over(then, parent) if code == 0 else None
            if there is None:
                tell([f"DIFFERS before {then.run_id} begins: in {parent.name}, see above"])
                return None
    return lineage.from_there(then, there or parent)


def counted(then: "Recorded", arguments: argparse.Namespace) -> argparse.Namespace:
    """The arguments with epochs counted from the parent's first, as the run's own are."""
    if arguments.epochs is None:
        return arguments
    epochs = then.record["parent"]["epoch"] + arguments.epochs
    return argparse.Namespace(**(vars(arguments) | {"epochs": epochs}))


def compare(
    then: "Recorded", made: Path, why: list[str], arguments: argparse.Namespace
) -> "Verdict":
    """Whether the new run in `made` gave what the recorded one did.

    Args:
        why: what of the code is known to differ, a line each.
    """
    from project.reproduction.checks import explain
    from project.reproduction.expected import read_run
    from project.reproduction.verdict import judge

    now = read_run(made)
    why = why + explain(then, now)
    return judge(then, now, arguments.tolerance, arguments.epochs, why)


def tell(lines: Iterable[str], before: str = "") -> None:
    """Print lines that a run's files may have written."""
    for line in lines:
        print(f"{before}{clean(line)}", flush=True)


def tell_plan(then: "Recorded", arguments: argparse.Namespace, forced: Forced, n_found: int) -> int:
    """Say what would be run; returns the exit code."""
    code, epochs = then.record["code"], last_epoch(then, arguments)
    commit = f"commit {code['sha'][:12]}" if code["sha"] else "sources without a commit"
    patch = f" with {PATCH}" if then.patch else ""
    print(f"would run {then.run_id} again: {commit}{patch}")
    print(f"  as recorded: {clean(then.record['command'])}")
    if forced.flags:
        print(f"  but for: {' '.join(forced.flags)}")
    if epochs is not None:
        print(f"  stopped after epoch {epochs}")
    print(f"{n_found or 'no'} difference{'s' * (n_found != 1)} before training; nothing was run")
    return 1 if n_found else 0


def last_epoch(then: "Recorded", arguments: argparse.Namespace) -> int | None:
    """After how many epochs to stop; what a run that was stopped would have logged is not known."""
    logged = None if then.status == "finished" else then.epochs
    return min((n for n in (arguments.epochs, logged) if n is not None), default=None)


def end_on_sigterm() -> None:
    """Let SIGTERM end the command as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(as_process(main))
