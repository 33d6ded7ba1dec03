"""A sweep whose trials take no time: what its workers do is all that happens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project.search.agenda import Agenda
from project.search.spec import Spec
from project.search.storage import Storage, open_storage
from project.search.supervision.loop import Worker
from project.search.supervision.stopping import Stop
from project.search.values import COMPLETE, Job, Objective, Result, Rules

NAME = "fake"


class Killed(BaseException):
    """What happens to a worker amid a call."""


class Mortal:
    """A storage whose caller is killed before, or after, a call of this number, from 0 on."""

    def __init__(self, storage: Storage, at: int | None = None, done: bool = False) -> None:
        self._storage, self._at, self._done, self.calls = storage, at, done, 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._storage, name)

        def call(*args: Any, **options: Any) -> Any:
            dies = self.calls == self._at
            self.calls += 1
            if dies and not self._done:
                raise Killed
            found = method(*args, **options)
            if dies:
                raise Killed
            return found

        return call


@dataclass
class Attempt:
    """Ends after it was asked so often."""

    run: Path
    left: int
    killed: bool = False

    def poll(self) -> int | None:
        """0 once it has ended."""
        self.left -= 1
        return 0 if self.left <= 0 else None

    def interrupt(self) -> None:
        """It ends the next time."""
        self.left = 0

    def kill(self) -> None:
        """Likewise."""
        self.killed, self.left = True, 0


@dataclass
class Carrier:
    """Has a loss that follows from the flags, and takes the longer the larger that is.

    Attributes:
        begun: each attempt's kind, number and run that it goes on with.
        patience: of attempts.
    """

    begun: list[tuple[str, int, str | None]] = field(default_factory=list)
    patience: int = 3

    def begin(self, job: Job) -> Attempt:
        """An attempt."""
        self.begun.append((job.kind, job.number, job.run))
        return Attempt(Path(f"{job.kind}-{job.number}"), 1 + job.number % self.patience)

    def result(self, job: Job, running: Attempt, code: int) -> Result:
        """What came of it."""
        if running.killed:
            return None
        seed = job.facts.get("seed", 0)
        return Result(COMPLETE, ((job.values.get("x", 10) - 3) ** 2 + seed / 100,))

    def wait(self, seconds: float) -> None:
        """Nothing is to be waited for."""


class _Space:
    """Of one number."""

    def to_json(self) -> dict[str, Any]:
        return {"dimensions": [], "excludes": []}


def agenda(storage: Storage, trials: int = 6, confirm: int = 0, window: int = 2) -> Agenda:
    """Of a sweep whose trials go by the best of those that they know of."""
    rules = Rules("random", "none", 0, window, 1, (Objective("val_loss", "min"),))
    spec = Spec((), (), {"seed": 0}, _Space(), rules)
    if storage.spec(NAME) is None:
        goal = {"trials": trials, "confirm": confirm}
        storage.create(NAME, {"rules": rules.to_json()} | goal)

    def propose(history: list, number: int) -> dict[str, float]:
        known = [trial for trial in history if trial.number <= number - window]
        best = min(known, key=lambda trial: trial.scores[0], default=None)
        return {"x": number * 0.7 + (best.values["x"] if best else 0.0) / 2}

    def choose(trials: list) -> list[int]:
        ended = [t for t in trials if t.state == COMPLETE]
        return [t.number for t in sorted(ended, key=lambda t: t.scores)[:2]]

    def winner(jobs: list) -> int:
        return min(jobs, key=lambda each: each[0].scores)[1]["arm"]

    return Agenda(storage, NAME, spec, propose, choose, winner)


def worker(storage: Any, carrier: Carrier, jobs: int = 2, **goal: int) -> Worker:
    """One that takes part."""
    plan = agenda(storage, **goal)
    own = storage.join(NAME, "here", 1)
    return Worker(storage, plan, carrier, own, jobs, Stop(), lambda: None, lease=1000.0, idle=0.0)


def opened(folder: Path) -> Storage:
    """A storage."""
    return open_storage(folder / "sweeps.db")
