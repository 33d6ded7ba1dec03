"""The wiring: argv becomes hyperparameters, and these become data, model, solver, trackers and trainer."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from project.flags import Arguments, parse
from project.plan import make_plan
from project.provenance.code import code_state
from project.provenance.redact import Redactor

ROOT = Path(__file__).resolve().parents[1]


def main(argv: Sequence[str]) -> int:
    """Run one experiment.

    Returns:
        The exit code: 0; 1 if the run failed on its way; 2 if the input is at fault and nothing was
        started; 128 + the signal's number if a signal ended it.
    """
    try:
        load_private_settings()
        return experiment(parse(argv), argv)
    except (ValueError, OSError) as error:
        if "--traceback" in argv:
            traceback.print_exc()
        print_error(error)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted before training began; nothing was written", file=sys.stderr)
        return 130


def experiment(arguments: Arguments, argv: Sequence[str]) -> int:
    """Build everything from the arguments, train, test and record."""
    plan = make_plan(arguments)
    redactor = Redactor(os.environ)
    # The sources are recorded before anything slow: they may be edited while torch loads.
    code = code_state(ROOT, redactor)

    # torch is imported only from here on, so that every rejected flag answers at once.
    from pytorch_lightning import seed_everything

    from project import checkpoint, data, losses, metrics, models
    from project.session import Session
    from project.solver import Solver
    from project.trainer import make_trainer

    state = checkpoint.load(plan.source) if plan.source else None
    if state and plan.hparams.only_test:
        plan = plan.inherit(state["hyperparameters"])
    hparams = plan.hparams
    seed_everything(hparams.seed, workers=True, verbose=False)
    trainer = make_trainer(hparams)
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, len(dataset.classes), hparams)
    if state:
        checkpoint.load_weights(model, state, plan.source)


def load_private_settings() -> None:
    """Take tokens and local paths from an uncommitted `.env`, unless the environment has them."""
    if os.path.exists(".env"):
        from dotenv import load_dotenv

        load_dotenv(".env")


def print_error(error: Exception) -> None:
    """One line for each thing that is wrong."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    for line in text.splitlines() or [type(error).__name__]:
        print(f"error: {line}", file=sys.stderr)
