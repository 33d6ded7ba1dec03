"""From argv to an exit code: parse, check, carry out; a mistake becomes one line."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from project.cli.command import load_private_settings, print_error
from project.cli.flags import Arguments, parse
from project.cli.stage import stage
from project.processes.place import first_speaks, place

if TYPE_CHECKING:
    from project.plan import Plan
    from project.processes.launch import OtherProcesses
    from project.provenance.code import CodeState


def main(argv: Sequence[str]) -> int:
    """Run one experiment.

    Returns:
        The exit code: 0; 1 if the run failed on its way; 2 if the input is at fault and nothing was
        started; 128 + the signal's number if a signal ended it.
    """
    try:
        with first_speaks():
            return _told(argv)
    finally:
        stage("")


def _told(argv: Sequence[str]) -> int:
    """The exit code of this process, one of perhaps several; what went wrong is a line."""
    try:
        load_private_settings()
        arguments = parse(argv, find=recorded_flags)
        if arguments.seeds:
            # Which a single run need not pay.
            from project.plan import pinned
            from project.processes.seeds import run_each
            from project.provenance.short_ids import short_ids

            # The second seed would begin with the first one's weights, were it still `last`.
            words = [*argv, *pinned(arguments.hparams)]
            return run_each(arguments.seeds, words, short_ids)
        return _run(arguments, argv)
    except Exception as error:
        return failed(error, "--traceback" in argv)
    except KeyboardInterrupt:
        print("\ninterrupted before training began; nothing was written", file=sys.stderr)
        return 130


def recorded_flags(exp_dir: str, reference: str) -> tuple[str, Mapping[str, Any]]:
    """How to name a run that RUN means, and the flags that a new one takes over from it."""
    from project.provenance.parents import flags_found  # which few runs need

    return flags_found(exp_dir, reference)


def failed(error: Exception, traced: bool) -> int:
    """Tell an error before any run was opened; returns the exit code."""
    if traced:
        import traceback  # 4 ms that only an error needs to pay

        traceback.print_exc()
    if "project.experiment" not in sys.modules and isinstance(error, (ValueError, OSError)):
        print_error(error)  # no code of a person's own has run by then
        return 2
    from project.cli.faults import EXPECTED, told  # which need 10 ms

    line, own = told(error)
    if isinstance(error, EXPECTED) and not own:
        print_error(error)
        return 2
    # A fault in the code, a person's own or ours, or of the machine (no memory).
    print(f"error: {line}{'' if traced else '; --traceback shows how it arose'}", file=sys.stderr)
    return 2 if own else 1


def _run(arguments: Arguments, argv: Sequence[str]) -> int:
    """Check what can be checked at once, start the other processes, and run the experiment."""
    # Each step imports what it needs: --help and rejected flags answer before any of this, and what
    # the files and folders rule out is said before torch is loaded.
    from project.cli.planned import planned
    from project.plan import make_plan
    from project.processes.launch import other_processes

    plan = make_plan(arguments)
    with other_processes(plan.hparams, argv) as others:
        code = _recorded_code(plan) if place().is_first else None
        plan = plan.compared(code)
        if place().is_first:
            what = plan.hparams, plan.given, plan.resume, plan.weights, plan.defaults
            print(planned(*what), file=sys.stderr)
            for line in plan.notes:
                print(f"note: {line}", file=sys.stderr)
        return _with_followers(plan, code, argv, others)


def _recorded_code(plan: "Plan") -> "CodeState":
    """The sources as they are now: before anything slow, for they may be edited meanwhile."""
    from project.files.root import ROOT
    from project.provenance.code import standing

    code = standing(ROOT)
    if plan.hparams.require_clean:
        code.check_clean(ROOT)
    return code


def _with_followers(
    plan: "Plan", code: "CodeState | None", argv: Sequence[str], others: "OtherProcesses"
) -> int:
    """Load torch and run the experiment, while trackers load their own packages beside it."""
    from pathlib import Path

    from project.tracking import ReadyFollowers
    from project.training.runtime import wait_briefly

    wait_briefly()
    # One process sends all runs of a sweep.
    trackers = plan.trackers if place().is_first and not plan.member else ()
    beside = None
    if plan.services:
        from project.notification.beside import ReadyWatcher

        beside = ReadyWatcher(plan.services, plan.hparams.notify_every)
    with ReadyFollowers(Path(plan.hparams.exp_dir), trackers, beside) as followers:
        stage("loading torch")
        import torch  # noqa: F401  # half of what is loaded next

        stage("loading Lightning and scikit-learn")
        from project.experiment import run_experiment

        return run_experiment(plan, code, argv, others, followers)
