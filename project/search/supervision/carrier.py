"""What a worker needs of whatever carries out its jobs."""

from pathlib import Path
from typing import Protocol

from project.search.values import Job, Result


class Running(Protocol):
    """An attempt to carry out a job."""

    run: Path | None  # the directory of its run, once it is known

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that killed it; None while it lives."""

    def interrupt(self) -> None:
        """Let it end after its step, with a checkpoint."""

    def kill(self) -> None:
        """End it at once."""


class Carrier(Protocol):
    """Begins attempts, and reads what came of them."""

    def begin(self, job: Job) -> "Running | Result | None":
        """An attempt; what came of a former one that had ended; None: not now, it still lives."""

    def result(self, job: Job, running: Running, code: int) -> Result | None:
        """What came of an attempt that ended by itself; None: it is to be tried again."""

    def wait(self, seconds: float) -> None:
        """Return when something has happened to an attempt, or so many seconds later."""
