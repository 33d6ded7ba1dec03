"""The loop of a worker: claim, begin, beat, read what came out; until all is done, or a signal."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from project.search.agenda import Agenda
from project.search.supervision.carrier import Carrier, Running
from project.search.supervision.neighbours import presume_dead
from project.search.supervision.stopping import Stop
from project.search.values import Job, Result

if TYPE_CHECKING:
    from project.search.storage import Storage

LEASE = 30.0  # seconds after which a job of a worker that isn't heard is another's
BEAT = 5.0  # seconds between two signs of life
IDLE = 0.5  # seconds between two looks for what others have left or made possible


@dataclass
class Held:
    """A job of this worker, and its attempt.

    Attributes:
        told: whether the storage knows its run.
    """

    job: Job
    running: Running
    told: bool = False


@dataclass
class Worker:
    """One supervisor's part in a sweep.

    Attributes:
        storage: of all workers.
        agenda: what there is to do.
        carrier: how it is done.
        id: of this worker, as the storage knows it.
        jobs: how many at once.
        stop: whether and why to end.
        ended: told each time when something has ended.
        lease: seconds after which others may have its jobs, if it isn't heard.
        idle: seconds between two looks for what others have left.
        held: its jobs, by their tokens.
    """

    storage: "Storage"
    agenda: Agenda
    carrier: Carrier
    id: str
    jobs: int
    stop: Stop
    ended: Callable[[], None]
    lease: float = LEASE
    idle: float = IDLE
    held: dict[str, Held] = field(default_factory=dict)
    _beat_at: float = 0.0
    _look_at: float = 0.0

    def work(self) -> bool:
        """Take part until all is done, or until it is to stop; whether all is done."""
        try:
            while not (self.stop.asked and not self.held):
                self.stop.pass_on(held.running for held in self.held.values())
                self._keep_leases()
                changed = self._look_at_attempts()
                if not self.stop.asked and self._fill() and not self.held:
                    return True
                if not changed:
                    self.carrier.wait(self.idle)
            return False
        finally:
            self._let_go()

    def _fill(self) -> bool:
        """Begin as much as there is room for; whether all is done."""
        if len(self.held) >= self.jobs or time.monotonic() < self._look_at:
            return False
        while len(self.held) < self.jobs and not self.stop.asked:
            job = self.storage.claim(self.agenda.name, self.id, self.lease)
            if job is not None:
                if not self._begin(job):
                    break
            elif not self.agenda.plan():
                break
        self._look_at = time.monotonic() + self.idle
        if self.held:
            return False
        presume_dead(self.storage, self.agenda.name)
        return self.agenda.is_done()

    def _begin(self, job: Job) -> bool:
        """Begin a job; whether others may be begun at once."""
        begun = self.carrier.begin(job)
        if begun is None:
            self.storage.release(job.token)
            return False
        if isinstance(begun, Result):
            self._finish(job, begun)
        else:
            self.held[job.token] = Held(job, begun, told=job.run is not None)
        return True

    def _look_at_attempts(self) -> bool:
        """Note what attempts have come to; whether any has ended."""
        gone = []
        for token, held in list(self.held.items()):
            code = held.running.poll()
            self._tell_run(held)
            if code is not None:
                del self.held[token]
                gone.append((held, code))
        for held, code in gone:
            result = self.carrier.result(held.job, held.running, code)
            if result is None:
                self.storage.release(held.job.token, died=code < 0)
            else:
                self._finish(held.job, result)
        if gone:
            self._look_at = 0.0
        return bool(gone)

    def _tell_run(self, held: Held) -> None:
        if not held.told and held.running.run is not None:
            held.told = True
            self.storage.begun(held.job.token, held.running.run.name)

    def _finish(self, job: Job, result: Result) -> None:
        self.storage.finish(job.token, result)
        self._look_at = 0.0
        self.ended()

    def _keep_leases(self) -> None:
        if (now := time.monotonic()) < self._beat_at:
            return
        self._beat_at = now + self.lease * BEAT / LEASE
        still = self.storage.beat(self.id, self.lease)
        for token in [token for token in self.held if token not in still]:
            # Another worker has it by now: this one wasn't heard for too long.
            self.held.pop(token).running.kill()

    def _let_go(self) -> None:
        """End what still runs, and leave it to others, or to the next time."""
        for held in self.held.values():
            held.running.kill()
        if self.stop.at_once:  # the storage is away, and nobody is to wait for it
            return
        for token, held in self.held.items():
            held.running.poll()
            self._tell_run(held)
            self.storage.release(token, died=True)
        self.held.clear()
