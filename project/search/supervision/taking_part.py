"""A worker's part in a sweep: what it needs for its runs is there as long as it takes part."""

import os
import tempfile
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from project.cli.messages import show_trackers
from project.cli.stage import stage
from project.search.agenda import Agenda
from project.search.attempts.origin import Origin
from project.search.attempts.sending import Sender
from project.search.base import Base
from project.search.spec import Goal
from project.search.supervision.loop import Worker
from project.search.supervision.mirroring import Mirroring
from project.search.supervision.neighbours import begun, machine, presume_dead
from project.search.supervision.runs import RunCarrier
from project.search.supervision.stopping import Stop
from project.search.supervision.telling import Teller
from project.tracking.choice import asked


def take_part(
    agenda: Agenda, goal: Goal, base: Base, origin: Origin, arguments: Namespace, stop: Stop
) -> bool:
    """Work until all is done, or a signal comes; whether all is done.

    Args:
        agenda: of the sweep.
        goal: how far it is to go.
        base: flags of its runs.
        origin: what forks attempts.
        arguments: of the command.
        stop: why to end before.

    Raises:
        ValueError: the storage refuses, or a tracker is not set up.
        OSError: no process can be started, or a disk is full.
        KeyboardInterrupt: asked twice to stop; what ran is killed.
    """
    storage, name = agenda.storage, agenda.name
    storage.set_goal(name, **goal.to_json())
    teller, mirror = Teller(storage, name, agenda.spec), Mirroring(storage, name)
    teller.begin(goal)
    mirror()

    def ended() -> None:
        teller()
        mirror()

    with ExitStack() as around:
        logs = Path(around.enter_context(tempfile.TemporaryDirectory(prefix="sweep-")))
        send = _sending(arguments.exp_dir, name, base, around)
        carrier = RunCarrier(origin, agenda, base, arguments.exp_dir, logs, teller.say, send)
        done = _work(agenda, carrier, arguments.jobs, stop, ended)
        if done:
            ended()  # of what others were the last to end
        return done


def _sending(exp_dir: Path, name: str, base: Base, around: ExitStack) -> Callable[[Path], None]:
    """What has runs sent to trackers; at the end it is waited for, and told of."""
    sender = Sender(exp_dir, asked(base.hparams.tracker, base.hparams.neptune_mode, name))
    around.callback(lambda: show_trackers(sender.end()))
    return sender.send


def _work(
    agenda: Agenda, carrier: RunCarrier, jobs: int, stop: Stop, ended: Callable[[], None]
) -> bool:
    """Join, work, and leave; whether all is done."""
    storage, name = agenda.storage, agenda.name
    presume_dead(storage, name)
    about = {"machine": machine(), "begun": begun(os.getpid())}
    worker = storage.join(name, os.uname().nodename, os.getpid(), **about)
    at_once = min(jobs, agenda.spec.rules.window)
    stop.at_once = False
    try:
        return Worker(storage, agenda, carrier, worker, at_once, stop, ended).work()
    finally:
        stage("")
        if not stop.at_once:
            storage.leave(worker)
