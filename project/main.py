"""From argv to an exit code: parse, check, carry out; a mistake becomes one line."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from project.command import load_private_settings, print_error
from project.flags import Arguments, parse
from project.processes import first_speaks, place
from project.words import clipped

if TYPE_CHECKING:
    from project.launch import Others
    from project.plan import Plan


def main(argv: Sequence[str]) -> int:
    """Run one experiment.

    Returns:
        The exit code: 0; 1 if the run failed on its way; 2 if the input is at fault and nothing was
        started; 128 + the signal's number if a signal ended it.
    """
    with first_speaks():
        return attempt(argv)


def attempt(argv: Sequence[str]) -> int:
    """`main`, for one of perhaps several processes."""
    try:
        load_private_settings()
        return experiment(parse(argv), argv)
    except (ValueError, OSError) as error:
        if "--traceback" in argv:
            import traceback  # 4 ms that only an error needs to pay

            traceback.print_exc()
        print_error(error)
        return 2
    except Exception as error:
        # A fault in the code, or of the machine (no memory): its place interests who asks for it.
        if "--traceback" in argv:
            raise
        # PyTorch appends its C++ frames.
        name, (text, *_) = type(error).__name__, str(error).split("Exception raised from", 1)
        text = clipped(" ".join(text.split()), 500)
        print(f"error: {name}: {text}; --traceback shows where it arose", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted before training began; nothing was written", file=sys.stderr)
        return 130


def experiment(arguments: Arguments, argv: Sequence[str]) -> int:
    """Check what can be checked at once, record the sources, and carry the run out."""
    # Each step imports what it needs: --help and rejected flags answer before any of this, and what
    # the files and folders rule out is said before torch is loaded.
    from project.launch import others
    from project.plan import make_plan

    plan = make_plan(arguments)
    with others(plan.hparams, argv) as started:
        return carry_out(plan, argv, started)


def carry_out(plan: "Plan", argv: Sequence[str], started: "Others") -> int:
    """Record the sources, load torch, and do what was planned."""
    from pathlib import Path

    from project.provenance.code import code_state
    from project.provenance.redact import Redactor
    from project.root import ROOT
    from project.runtime import wait_briefly
    from project.tracking import Ahead

    # Before anything slow: the sources may be edited while torch loads.
    code = code_state(ROOT, Redactor()) if place().is_first else None
    if code is not None and plan.hparams.require_clean:
        code.check_clean(ROOT)
    plan = plan.compared(code)
    wait_briefly()

    # Trackers load their packages meanwhile, not beside the first steps.
    with Ahead(Path(plan.hparams.exp_dir), plan.trackers if place().is_first else ()) as ahead:
        from project.experiment import conduct

        return conduct(plan, code, argv, started, ahead)
