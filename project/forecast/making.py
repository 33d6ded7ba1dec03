"""Making the runs that are missing, some at a time, in forks of a process that has PyTorch."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from project.forecast.asking import Asked, Wanted
from project.provenance.environment import usable_cpus
from project.provenance.run import status
from project.run_directory import last
from project.search.attempts.attempt import Attempt
from project.search.attempts.origin import Origin
from project.search.attempts.results import errors_in, how_it_died
from project.search.supervision.devices import gpus
from project.search.supervision.stopping import Stop
from project.search.values import TRIAL, Job
from project.words.telling import clean

_LOOK = 1.0  # seconds, at most, until a signal is passed on
_TRIES = 3  # of a run whose process is killed: perhaps it needs more memory than there is


class Ended(NamedTuple):
    """A run that has ended: its directory, if it had one, and why it has failed, if so."""

    wanted: Wanted
    run: Path | None
    failure: str


class Making:
    """Makes runs; each is resumed where it was begun.

    Args:
        asked: what runs are like.
        begun: those to be gone on with.
        threads: of each run.
        logs: folder for what their processes say.
        tell: told of each end; what it raises ends all.
    """

    def __init__(
        self,
        asked: Asked,
        begun: Mapping[Wanted, Path],
        threads: int,
        logs: Path,
        tell: Callable[[Ended], None],
    ) -> None:
        self._asked, self._begun, self._tell = asked, dict(begun), tell
        self._threads, self._logs = threads, logs
        self._tries: dict[Wanted, int] = {}
        self._n_finished = 0
        self._present: dict[Wanted, Attempt] = {}

    def make(self, wanted: Sequence[Wanted], stop: Stop) -> None:
        """Make them, in this order.

        Raises:
            ValueError: the data can't be had, or the first run finds the flags at fault.
            OSError: a process can't be started, or a file written.
            KeyboardInterrupt: asked twice to stop; what ran is killed.
        """
        left = deque(wanted)
        devices = gpus(self._asked.base.accelerator)
        with Origin(self._threads, self._asked.words, devices) as origin:
            origin.data()  # which tells what is wrong with it
            while self._present or (left and not stop.asked):
                while left and not stop.asked and len(self._present) < self._asked.jobs:
                    each = left.popleft()
                    self._present[each] = self._start(origin, each)
                origin.wait(_LOOK)
                stop.pass_on(self._present.values())
                left.extendleft(self._ended(stop))

    def _start(self, origin: Origin, each: Wanted) -> Attempt:
        words = self._asked.argv(each)
        if run := self._begun.get(each):
            words = ["--resume", str(run), "--exp-dir", self._asked.base.exp_dir]
        number = self._asked.runs.index(each)
        self._tries[each] = self._tries.get(each, 0) + 1
        job = Job(TRIAL, number, {}, {}, self._tries[each], None, "")
        return origin.start(job, words, None, self._log(each))

    def _ended(self, stop: Stop) -> list[Wanted]:
        """Tell of the runs that have ended; returns those to be tried again."""
        again = []
        for each, attempt in list(self._present.items()):
            if (code := attempt.poll()) is None:
                continue
            del self._present[each]
            run = attempt.run or self._begun.get(each)
            if stop.asked and code != 0:
                continue
            if code < 0 and self._tries[each] < _TRIES:
                if run and last(run).exists():
                    self._begun[each] = run
                again.append(each)
            elif code == 2 and attempt.run is None and each in self._begun:
                del self._begun[each]  # it can't go on, as the code has changed since
                again.append(each)
            else:
                self._end(each, run, code)
        return again

    def _end(self, each: Wanted, run: Path | None, code: int) -> None:
        finished = run is not None and status(run) == "finished"
        self._n_finished += finished
        self._tell(Ended(each, run, "" if finished else self._why(each, run, code)))
        if finished:
            self._log(each).unlink(missing_ok=True)

    def _why(self, each: Wanted, run: Path | None, code: int) -> str:
        """Why a run has failed: what its process said last."""
        errors = errors_in(self._log(each).read_text(encoding="utf-8", errors="replace"))
        if not errors or code < 0:
            return how_it_died(code)
        if run is None and code == 2 and not self._n_finished:
            raise ValueError("\n".join(map(clean, errors)))
        return clean(errors[-1])

    def _log(self, each: Wanted) -> Path:
        return self._logs / f"{self._asked.runs.index(each)}.log"


def threads_of(jobs: int) -> int:
    """How many each of so many runs may have: the cores of this process, shared."""
    return max(1, usable_cpus() // jobs)
