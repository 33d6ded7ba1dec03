"""The wiring: what was built meets the run's directory, the callbacks and the trackers."""

import sys
from collections.abc import Sequence
from pathlib import Path

from pytorch_lightning import Callback, Trainer

from project import checkpoint, peers
from project.build import Parts, build
from project.callbacks.checkpoints import Checkpoints
from project.callbacks.early_stopping import EarlyStopping
from project.callbacks.interrupt import Interrupt, Interrupted, at_once
from project.callbacks.profile import Profile
from project.callbacks.progress import Progress
from project.callbacks.reports import Reports
from project.command import describe, print_error
from project.files import write_atomic
from project.launch import Others
from project.meeting import disagreement
from project.messages import announce, show, show_trackers, show_unsent
from project.plan import Plan
from project.processes import place
from project.provenance.code import CodeState
from project.provenance.redact import Redactor
from project.provenance.run import Run
from project.recording import add_stage, open_run
from project.scores import better
from project.session import Ended, Session
from project.tracking import Ahead, Attached, RunLogger

# How long the end of a run waits for trackers; they go on in the background after that.
TRACKER_SECONDS = 10.0


def conduct(
    plan: Plan, code: CodeState | None, argv: Sequence[str], others: Others, ahead: Ahead
) -> int:
    """Carry out `plan` in this process, the only one or one of several.

    Args:
        plan: what to do.
        code: state of the sources when the process began, if it is the first, which records it.
        argv: the command line, for the record.
        others: the processes that this one has started.
        ahead: followers of a run to come, if this process is the first.

    Returns:
        The exit code.

    Raises:
        ValueError: the data, the model, the checkpoint or the devices are not what the flags say.
        OSError: something can't be read or written; in both cases nothing was begun.
    """
    needed = checkpoint.TRAINING if plan.resume else ()
    state = checkpoint.load(plan.source, *needed) if plan.source else None
    if plan.resume and state and state["best"]:
        # Lost or damaged, it would be missed by the test alone, after all the training.
        checkpoint.load(plan.resume / "checkpoints" / "best.pt")
    if state and plan.hparams.only_test:
        plan = plan.inherit(state["hyperparameters"])
    parts = build(plan, state)
    if (code_at_once := gather(parts.trainer)) is not None:
        return code_at_once
    try:
        why = disagreement(plan, parts, state)
    except RuntimeError as error:
        if not peers.is_loss(error):
            raise
        raise ConnectionError(peers.gone(error, "another process")) from error
    if why is not None:
        if place().local_rank:
            return 2  # as each machine's first process says
        raise ValueError(why)
    if not parts.trainer.is_global_zero:
        return follow(make_session(plan, parts, state, None, others))
    run = open_run(plan, code, argv, parts)
    try:
        announce(run, plan, parts)
        attached = ahead.attach(run.directory)
        parts.trainer.logger = RunLogger(run.directory)
        if parts.reopened:
            add_stage(state, code, parts)
    except BaseException as error:
        give_up(run, plan, error)
        raise
    session = make_session(plan, parts, state, run.directory, others)
    with session.interrupt:
        return close(plan, run, attached, parts, session, session.execute())


def gather(trainer: Trainer) -> int | None:
    """Let the processes of a run meet; the exit code where a signal has ended that, or a failure.

    Raises:
        NotMet: they have not met, and this is the process to say it.
        ValueError: a variable is at fault here, and likewise.
    """
    if trainer.world_size == 1:
        return None
    rank = trainer.global_rank
    try:
        with at_once():
            trainer.strategy.setup_environment()  # which Lightning would do, once training begins
        return None
    except Interrupted as signal:
        peers.tell(rank, str(signal))
        number: int | None = signal.number
    except (ValueError, OSError) as error:
        # Also the first process leaves word: the others are still waiting for it.
        told = peers.tell(rank, str(error))
        number = peers.signal_in(str(error))
        if number is None and not (rank and told):
            raise
    if number is None:
        return 2
    print("\ninterrupted before training began; nothing was written", file=sys.stderr)
    return 0 if rank else 128 + number


def follow(session: Session) -> int:
    """Take part in a run that another process records; returns the exit code."""
    with session.interrupt:
        ended = session.execute()
    if ended.status == "failed" and ended.error:
        print(f"error: {ended.error}", file=sys.stderr)
    # The first process tells how the run ended; launchers take another's code for a crash, and
    # would hurry it while it writes the outcome.
    return 0 if ended.status == "interrupted" else ended.exit_code


def make_session(
    plan: Plan, parts: Parts, state: dict | None, directory: Path | None, others: Others
) -> Session:
    """The session, with the callbacks that stand around training; a new one has its line here."""
    hparams, dataset = plan.hparams, parts.dataset
    describe = {
        "hyperparameters": Redactor().redact_json(hparams.to_values()),
        "classes": list(dataset.classes),
        "shape": list(dataset.shape),
        "mean": list(dataset.mean),
        "std": list(dataset.std),
    }
    going_on = state if plan.resume else None
    folder = directory / "checkpoints" if directory else None
    way = better(parts.scores, hparams.monitor)
    every = hparams.checkpoint_every
    checkpoints = Checkpoints(folder, hparams.monitor, way, every, describe, going_on)
    callbacks: list[Callback] = [checkpoints]
    if hparams.early_stopping is not None:
        callbacks.append(EarlyStopping(hparams.early_stopping, checkpoints))
    if directory is not None:
        shown = ("val_loss", "val_accuracy", hparams.monitor)
        callbacks += [Progress(shown), Reports(directory)]
        if hparams.profile:
            callbacks.append(Profile(directory / "profile"))
    # Last: what the others do after a step is done before a signal ends the run.
    interrupt = Interrupt(checkpoints, parts.solver)
    parts.trainer.callbacks.extend([*callbacks, interrupt])
    return Session(
        parts.trainer,
        parts.solver,
        parts.loaders,
        checkpoints,
        interrupt,
        others,
        state=going_on,
        only_test=hparams.only_test,
    )


def give_up(run: Run, plan: Plan, error: BaseException) -> None:
    """Leave no run behind that looks as if it went on."""
    if plan.resume is not None:
        run.release()
    else:
        run.finish("failed", error=describe(error), epochs=0, steps=0)


def close(
    plan: Plan, run: Run, attached: Attached, parts: Parts, session: Session, ended: Ended
) -> int:
    """Write the outcome, show how it went, and let trackers finish; returns the exit code."""
    trainer, solver = parts.trainer, parts.solver
    saved = sorted((run.directory / "checkpoints").glob("*.pt"))
    try:
        trainer.logger.close()
        if ended.unexpected:
            write_atomic(run.directory / "traceback.txt", Redactor().redact(ended.traceback))
        run.finish(
            ended.status,
            error=ended.error,
            best=session.checkpoints.best,
            test=ended.test or None,
            epochs=trainer.current_epoch,
            steps=solver.step,
            weights={path.name: checkpoint.weights_hash(path) for path in saved},
        )
    except (OSError, ValueError) as error:
        # A full disk, or a runs.csv damaged meanwhile; the run itself is over.
        attached.end()
        print_error(error)
        return ended.exit_code or 1
    show(run, plan, ended, parts)
    show_trackers(finish_sending(attached, session.interrupt))
    return ended.exit_code


def finish_sending(attached: Attached, interrupt: Interrupt) -> list[str]:
    """Let the trackers' followers send what is left, for a while; returns a line for each.

    They go on in the background after that, and after a signal.
    """
    attached.end()
    try:
        with interrupt.ending_a_wait():
            show_unsent(attached.unsent())
            attached.wait(TRACKER_SECONDS)
    except KeyboardInterrupt:
        pass  # the run is over and whole; the lines say what goes on
    return attached.lines()
