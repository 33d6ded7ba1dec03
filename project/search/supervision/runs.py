"""A job as a run: its command line, what a former attempt has left of it, and what came out."""

import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from project.cli.shell import as_flags
from project.files import read_json
from project.provenance.removal import delete, set_aside
from project.provenance.run import status
from project.run_directory import RECORD, is_run, last, runs_in
from project.search.agenda import Agenda
from project.search.attempts.results import INTERRUPTED, read_result, told_last
from project.search.base import Base, last_words
from project.search.membership import Membership
from project.search.values import FAILED, TEST, TRIAL, WAITING, Job, Result

if TYPE_CHECKING:
    from project.search.attempts.attempt import Attempt
    from project.search.attempts.origin import Origin

# A trial whose process dies so often without a new checkpoint is given up: perhaps it needs
# more memory than there is.
MOST = 8
LONGEST = 2000  # characters of what a failed process has said
# Of the base flags those that a test alone needs, too.
_PLACES = ("data_dir", "accelerator", "tracker", "neptune_mode")


@dataclass
class RunCarrier:
    """Begins attempts of one sweep on this machine.

    Attributes:
        origin: the process that has all loaded, and forks them.
        agenda: of the sweep.
        base: its flags.
        exp_dir: folder of all runs.
        logs: folder for what the processes say.
        say: told when one has died.
        send: told of each run that has come to its end.
    """

    origin: "Origin"
    agenda: Agenda
    base: Base
    exp_dir: Path
    logs: Path
    say: Callable[[str], None]
    send: Callable[[Path], None]
    _faults: int = 0
    _deaths: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def begin(self, job: Job) -> "Attempt | Result | None":
        """An attempt; what came of a former one that had ended; None: not now, it still lives."""
        run = self._former(job)
        resumed = None
        if run is not None:
            if status(run) == "running":
                return None
            ended = read_result(run, self.agenda.spec.rules, None)
            if ended.state != WAITING and _fault_of_disk(ended, self.exp_dir) is None:
                self.send(run)
                return ended
            resumed = self._to_resume(run)
        if resumed is None and job.run is not None:
            self.say(f"{named(job)} begins anew: its run {job.run} can't go on here")
        words = self._resuming(resumed) if resumed else self._words(job)
        log = self.logs / f"{job.kind}-{job.number}-{job.attempt}.log"
        try:
            attempt = self.origin.start(job, words, self._membership(job), log)
        except OSError:
            self._faults += 1
            if self._faults > MOST:
                raise
            return None  # its origin has just been killed, and is started anew
        self._faults = 0
        return attempt

    def result(self, job: Job, running: "Attempt", code: int) -> Result | None:
        """What came of an attempt that ended by itself; None: it is to be tried again."""
        run = running.run
        found = read_result(run, self.agenda.spec.rules, code)
        log = self.logs / f"{job.kind}-{job.number}-{job.attempt}.log"
        if found.state == FAILED and run is None:
            found = Result(FAILED, reason=_said_in(log) or found.reason)
        if fault := _fault_of_disk(found, self.exp_dir):  # it goes on once that is mended
            raise OSError(fault, os.strerror(fault), str(self.exp_dir))
        if found.state != WAITING:
            log.unlink(missing_ok=True)
            if run is not None:
                self.send(run)
            return replace(found, cpu_seconds=running.cpu_seconds)
        if found.reason == INTERRUPTED or code > 128 or code == -signal.SIGTERM:
            return None  # in order, as the supervisor asked, or a person
        return self._died(job, run, found.reason)

    def wait(self, seconds: float) -> None:
        """Return when something has happened to an attempt, or so many seconds later."""
        self.origin.wait(seconds)

    def _died(self, job: Job, run: Path | None, why: str) -> Result | None:
        """Let it be tried again, but not for ever."""
        key = job.kind, job.number
        come = last(run).stat().st_mtime_ns if run and last(run).exists() else 0
        before, times = self._deaths.get(key, (0, 0))
        times = times + 1 if come == before else 1
        self._deaths[key] = come, times
        if times >= MOST:
            told = f"{why} {times} times without a new checkpoint"
            return Result(FAILED, reason=told, run=run.name if run else None)
        self.say(f"{named(job)}: {why}; it goes on")
        return None

    def _words(self, job: Job) -> list[str]:
        """The command line of a new run."""
        own = ["--exp-name", self.agenda.name, "--exp-dir", str(self.exp_dir)]
        if job.kind == TEST and is_run(self._directory(job.facts["run"])):
            hparams = self.base.hparams
            places = {k: v for k in _PLACES if (v := getattr(hparams, k))}
            return ["--only-test", "--checkpoint", job.facts["run"], *as_flags(places), *own]
        spec = self.agenda.spec
        words = [*spec.flags, *spec.space.argv(job.values), *own]
        words += last_words(self.base, spec.rules.objectives[0].name, job.kind)
        return words if job.kind == TRIAL else [*words, "--seed", str(job.facts["seed"])]

    def _resuming(self, run: Path) -> list[str]:
        return ["--resume", str(run), "--exp-dir", str(self.exp_dir)]

    def _membership(self, job: Job) -> Membership:
        agenda, history = self.agenda, ()
        if job.kind == TRIAL and agenda.spec.rules.pruner != "none":
            history = tuple(agenda.storage.trials(agenda.name)[: job.number])
        spec, arm = agenda.spec, job.facts.get("arm")
        return Membership(
            agenda.name,
            agenda.storage.id(agenda.name),
            job.kind,
            job.number,
            spec.rules,
            dict(job.values),
            history,
            None if arm is None else str(arm),
        )

    def _former(self, job: Job) -> Path | None:
        """The run that a former attempt has begun on this machine, if the storage knows or not.

        An attempt may have been killed before its run was told.
        """
        if job.run is not None and is_run(self._directory(job.run)):
            return self._directory(job.run)
        if job.attempt == 1:
            return None
        own = {"id": self.agenda.storage.id(self.agenda.name), "kind": job.kind}
        own["number"] = job.number
        for run in sorted(runs_in(self.exp_dir / self.agenda.name), reverse=True):
            with suppress(ValueError, OSError):
                told = read_json(run / RECORD).get("sweep") or {}
                if own.items() <= told.items():
                    return run
        return None

    def _to_resume(self, run: Path) -> Path | None:
        """The run, or None if it had not come to a checkpoint: it goes, and another is begun."""
        if last(run).exists():
            return run
        delete([set_aside(run)])
        return None

    def _directory(self, run: str) -> Path:
        return self.exp_dir / self.agenda.name / run


def _fault_of_disk(result: Result, exp_dir: Path) -> int | None:
    """The error for which a run failed, if it is one of the folder of all runs, not of its flags.

    A full disk, a quota, a disk that can only be read, or a folder where nobody may write.
    """
    if result.state == FAILED:
        for code in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            is_ours = code != errno.EACCES or str(exp_dir) in result.reason
            if is_ours and os.strerror(code) in result.reason:
                return code
    return None


def _said_in(log: Path) -> str:
    with suppress(OSError):
        return "; ".join(told_last(log.read_text("utf-8", "replace")))[:LONGEST]
    return ""


def named(job: Job) -> str:
    """What a job is called."""
    if job.kind == TRIAL:
        return f"trial {job.number}"
    return f"{job.kind} {job.number}"
