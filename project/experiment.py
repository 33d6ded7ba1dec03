"""The wiring: what was built meets the run's directory, the callbacks and the trackers."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback

from project import callbacks, run_directory
from project.build import Setup, build
from project.callbacks.anomaly import DetectAnomaly
from project.callbacks.early_stopping import EarlyStopping
from project.callbacks.logits import Logits
from project.callbacks.predictions import Predictions
from project.callbacks.profile import Profile
from project.callbacks.progress import Progress
from project.callbacks.reports import Reports
from project.callbacks.watch import Watch
from project.cli.faults import blamed
from project.cli.stage import stage
from project.closing import close
from project.data import Data
from project.hyperparameters import Hyperparameters
from project.opening import begin, sheet
from project.plan import Plan
from project.plugs import answering
from project.processes import peers
from project.processes.assembly import gather
from project.processes.launch import OtherProcesses
from project.processes.place import place
from project.provenance.code import CodeState
from project.provenance.ranks import disagreement
from project.provenance.redact import Redactor
from project.scores import better
from project.search.attempts.giving_up import giving_up
from project.session import Session
from project.tracking import ReadyFollowers
from project.training import checkpoint, generators
from project.training.interrupt import Interrupt
from project.training.origin import Origin
from project.training.saving import Checkpoints
from project.training.state import Position, describe
from project.training.trainer import make_trainer
from project.training.weights import made_of, marks_of


def run_experiment(
    plan: Plan,
    code: CodeState | None,
    argv: Sequence[str],
    others: OtherProcesses,
    followers: ReadyFollowers,
) -> int:
    """Run what is planned in this process, the only one or one of several.

    Args:
        plan: what to do.
        code: state of the sources when the process began, if it is the first, which records it.
        argv: the command line, for the record.
        others: the processes that this one has started.
        followers: of a run to come, if this process is the first.

    Returns:
        The exit code.

    Raises:
        ValueError: the data, the model, the checkpoint or the devices are not what the flags say.
        OSError: something can't be read or written; in both cases nothing was begun.
    """
    stage("looking at the devices")
    plan, state = with_checkpoint(plan)
    trainer = make_trainer(plan.hparams)
    with blamed("callback", *plan.hparams.callback):
        watchers = callbacks.load(plan.hparams)
    seeded = generators.begin(plan.hparams.seed, trainer.strategy.root_device)
    setup = build(plan, state, trainer, seeded)
    with generators.untouched(), blamed("callback", *plan.hparams.callback):
        watching = callbacks.watching(watchers, setup.there)
    stage("meeting the other processes" if trainer.world_size > 1 else "opening the run")
    if (code_at_once := meet(plan, setup, state)) is not None:
        return code_at_once
    if not setup.trainer.is_global_zero:
        return follow(make_session(plan, setup, state, None, others, watching))
    run, following = begin(plan, code, argv, setup, state, followers)
    session = make_session(plan, setup, state, run.directory, others, watching)
    stage("preparing the first step")
    with session.interrupt:
        return close(plan, code, run, following, session, session.run())


def with_checkpoint(plan: Plan) -> tuple[Plan, dict[str, Any] | None]:
    """The checkpoint to start from, if any; a test takes over what that was trained with."""
    needed = checkpoint.TRAINING if plan.resume or plan.parent else ()
    state = checkpoint.load(plan.source, *needed) if plan.source else None
    if plan.resume and state and state["best"]:
        # Lost or damaged, it would be missed by the test alone, after all the training.
        checkpoint.load(run_directory.best(plan.resume))
    if state and plan.hparams.only_test:
        plan = plan.inherit(state["hyperparameters"])
    elif plan.weights and (marks := marks_of(made_of(state))):
        # The record has them, so that the run is resumed and reproduced by it alone.
        plan = plan.marked(marks)
    return plan, state


def meet(plan: Plan, setup: Setup, state: dict[str, Any] | None) -> int | None:
    """Let the processes of a run come together; the exit code where it ends with that.

    Raises:
        ValueError: they can't, or are about to do different things, and this is the one to say it.
        OSError: likewise.
    """
    if (code := gather(setup.trainer)) is not None:
        return code
    if (why := unlike(plan, setup, state)) is None:
        return None
    if place().local_rank:
        return 2  # as each machine's first process says
    raise ValueError(why)


def unlike(plan: Plan, setup: Setup, state: dict[str, Any] | None) -> str | None:
    """What one of several processes is about to do unlike the first; a single one pays nothing.

    Raises:
        ConnectionError: another process is gone.
    """
    if (n := setup.trainer.world_size) == 1:
        return None
    try:
        return disagreement(sheet(plan, setup, state), setup.dataset.file_hashes, n)
    except RuntimeError as error:
        if not peers.is_loss(error):
            raise
        raise ConnectionError(peers.gone(error, "another process")) from error


def follow(session: Session) -> int:
    """Take part in a run that another process records; returns the exit code."""
    with session.interrupt:
        ended = session.run()
    if ended.status == "failed" and ended.error:
        print(f"error: {ended.error}", file=sys.stderr)
    # The first process tells how the run ended; launchers take another's code for a crash, and
    # would hurry it while it writes the outcome.
    return 0 if ended.status == "interrupted" else ended.exit_code


def make_session(
    plan: Plan,
    setup: Setup,
    state: dict[str, Any] | None,
    directory: Path | None,
    others: OtherProcesses,
    watching: Sequence[Callback],
) -> Session:
    """What this process does in a run, with the callbacks that stand around training.

    Args:
        plan: what to do.
        setup: what was built for it.
        state: the checkpoint to start from, if any.
        directory: of the run, in the process that records it.
        others: the processes that this one has started.
        watching: the callbacks that were chosen.
    """
    hparams = plan.hparams
    flags = Redactor().redact_json(hparams.to_values())
    description = describe(flags, setup.dataset, setup.solver.task.describe())
    description["code"] = answering.recorded(hparams.model, setup.solver.task.name, hparams.recipe)
    going_on, inherited = (state if plan.resume or plan.parent else None), setup.inherited
    folder = directory / run_directory.CHECKPOINTS if directory else None
    way = better(setup.scores, hparams.monitor)
    every = hparams.checkpoint_every
    checkpoints = Checkpoints(folder, hparams.monitor, way, every, description, going_on, inherited)
    # Last: what the others do after a step is done before a signal ends the run.
    interrupt = Interrupt(checkpoints, setup.solver)
    origin = setup.solver.origin
    first = setup.solver.task.headline[0]
    about = hparams, directory, checkpoints, origin
    position = Position.read(going_on) if going_on else None
    given_up = giving_up(plan.member, plan.resume, position, setup.solver.total_steps)
    around = [*onlookers(*about, first, setup.dataset), *given_up, *watching]
    setup.trainer.callbacks += [checkpoints, *around, interrupt]
    if inherited:
        position = inherited.position
    about_test, traced = (hparams.only_test, "test" not in hparams.without), plan.traced
    return Session(setup, checkpoints, interrupt, others, position, *about_test, given_up, traced)


def onlookers(
    hparams: Hyperparameters,
    directory: Path | None,
    checkpoints: Checkpoints,
    origin: Origin | None,
    first: str,
    dataset: Data,
) -> list[Callback]:
    """The callbacks that a run could do without, by its flags; a new one has its line here.

    Those of each run are the choices of `--without`. The progress shows the score `first`, beside
    the loss and the monitored one; `dataset` gives samples to be looked at, and their names.
    """
    found: list[Callback] = []
    if hparams.early_stopping is not None:
        begins = origin.epoch if origin else 0
        found.append(EarlyStopping(hparams.early_stopping, checkpoints, begins))
    if hparams.detect_anomaly:
        found.append(DetectAnomaly())
    if directory is not None:
        shown, mask = ("val_loss", f"val_{first}", hparams.monitor), Redactor().redact_each
        by_default = {
            "progress": Progress(shown, checkpoints),
            "reports": Reports(directory, dataset.example, checkpoints),
            "predictions": Predictions(directory, dataset.example, dataset.name_of, mask),
        }
        found += [each for name, each in by_default.items() if name not in hparams.without]
        if hparams.save_logits and dataset.kind == "masks":
            found.append(Logits(directory))
        if hparams.watch_every:
            found.append(Watch(hparams.watch_every))
        if hparams.profile:
            found.append(Profile(directory / run_directory.PROFILE))
    return found
