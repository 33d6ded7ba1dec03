"""How a run ends: its outcome is written, told, and sent to the trackers."""

import sys
from contextlib import AbstractContextManager, nullcontext

from project import models
from project.build import Setup
from project.cli import messages
from project.cli.classes import ByClass, Found, by_class, never_predicted
from project.cli.command import print_error
from project.cli.kinds import told_of
from project.cli.summary import never_a_number
from project.files import write_atomic
from project.files.root import ROOT
from project.plan import Plan
from project.processes.seeds import is_one_of_several
from project.provenance import plug_files
from project.provenance.code import CodeState
from project.provenance.keeping import only_kept
from project.provenance.later import imported_later
from project.provenance.redact import Redactor
from project.provenance.run import SETTLED, Run
from project.run_directory import CHECKPOINTS, TRACEBACK
from project.session import Ended, Session
from project.tracking import Followers, is_served
from project.training.interrupt import Interrupt
from project.training.state import optimizer_bytes
from project.words.paths import brief

# How long the end of a run waits for trackers; they go on in the background after that.
TRACKER_SECONDS = 10.0


def close(
    plan: Plan, code: CodeState, run: Run, following: Followers, session: Session, ended: Ended
) -> int:
    """Write the outcome, show how it went, and let trackers finish; returns the exit code."""
    setup, trainer = session.setup, session.setup.trainer
    later = imported_later(run.directory, run.record, code, ROOT)
    try:
        trainer.logger.close()
        if ended.traceback:
            write_atomic(run.directory / TRACEBACK, Redactor().redact(ended.traceback))
        # Of those that are not kept, too: by them a reproduction is judged.
        weights = session.weights.hashes(run.directory / CHECKPOINTS)
        with _keeping(run, plan, ended):
            run.finish(
                ended.status,
                error=ended.error,
                best=session.checkpoints.best,
                test=ended.test or None,
                epochs=trainer.current_epoch,
                steps=setup.solver.step,
                weights=weights,
                later=later,
            )
    except (OSError, ValueError) as error:
        # A full disk, or a runs.csv damaged meanwhile; the run itself is over.
        following.end()
        print_error(error)
        return ended.exit_code or 1
    messages.show_later(list(plug_files.contents(later.plugs)), later.lacks)
    messages.warn((), others=never_a_number(session.checkpoints.best))
    tell_end(run, plan, setup, ended)
    messages.show_trackers(finish_sending(following, session.interrupt))
    return ended.exit_code


def _keeping(run: Run, plan: Plan, ended: Ended) -> AbstractContextManager[None]:
    """What the run's outcome is written in: one that did not finish keeps all, to go on with."""
    if ended.status not in SETTLED:
        return nullcontext()
    return only_kept(run.directory, plan.hparams.keep, plan.hparams.keep_optimizer)


def tell_end(run: Run, plan: Plan, setup: Setup, ended: Ended) -> None:
    """Show the scores, and what to do next."""
    leaks = setup.dataset.leaks
    n_parameters = models.n_parameters(setup.solver.model)
    optimizer = optimizer_bytes(setup.trainer) if plan.hparams.keep_optimizer else 0
    leaked = leaks.lines(named=False) if leaks else ()
    classes = tell_classes(setup, plan)
    served = any(map(is_served, plan.trackers))
    shown = setup.own_scores, setup.solver.task.headline
    messages.show_outcome(run.directory, n_parameters, leaked, optimizer, classes, *shown)
    messages.note(setup.solver.task.notes())
    if ended.status != "failed" and not is_one_of_several():
        messages.show_comparing(run.directory, served)
    if ended.status == "interrupted":
        print(messages.going_on(run.directory, plan.of_this_stage, plan.hparams.nodes))
    elif ended.status == "pruned":
        print(f"pruned {ended.error}", file=sys.stderr)
    elif ended.error:
        trace = brief(run.directory / TRACEBACK)
        where = f"; the traceback: {trace}" if ended.traceback else ""
        print(f"error: {ended.error}{where}", file=sys.stderr)


def tell_classes(setup: Setup, plan: Plan) -> ByClass | None:
    """Warn of classes that are never predicted; returns the test's rows, if it came to its end."""
    matrix = setup.solver.tables.get("test", {}).get("confusion_matrix")
    if matrix is None:
        return None
    found = Found(*(n.tolist() for n in (matrix.diagonal(), matrix.sum(1), matrix.sum(0))))
    if not plan.is_trial:
        messages.warn((), others=never_predicted(setup.dataset.classes, found))
    told = by_class(setup.dataset.describe(), found)
    more = told_of(setup.dataset.kind).unscored(setup.dataset.classes, found)
    return told._replace(recall=[*told.recall, *more])


def finish_sending(following: Followers, interrupt: Interrupt) -> list[str]:
    """Let the trackers' followers send what is left, for a while; returns a line for each.

    They go on in the background after that, and after a signal.
    """
    following.end()
    try:
        with interrupt.ending_a_wait():
            messages.show_unsent(following.unsent())
            following.wait(TRACKER_SECONDS)
    except KeyboardInterrupt:
        pass  # the run is over and whole; the lines say what goes on
    return following.lines()
