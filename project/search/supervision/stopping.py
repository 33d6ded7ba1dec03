"""Why a worker stops before all is done: Ctrl-C, SIGTERM, or its time is over."""

import math
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from project.processes.signals import received_by
from project.search.supervision.carrier import Running

SAME_SECONDS = 1.0  # two signals within it are one: a launcher passes on what a terminal has sent


class Stop:
    """Asked for by a signal, or after so many seconds; what runs ends with a checkpoint.

    Attributes:
        asked: whether to stop.
        number: the signal's; None: its time is over.
        at_once: whether the worker only waits for its storage, and the first signal is enough.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        self.asked = False
        self.number: int | None = None
        self.at_once = False
        self._at = -math.inf
        self._told: set[int] = set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals over in the block.

        Raises:
            KeyboardInterrupt: a second one has come.
        """
        with received_by(self._receive):
            yield

    def _receive(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._at < SAME_SECONDS:
            return
        self._at = now
        again, self.asked, self.number = self.number is not None, True, number
        if again or self.at_once:
            _say("\nstopped at once; the same command goes on\n")
            raise KeyboardInterrupt
        _say("\nstopping: what runs writes a checkpoint; once more to stop at once\n")

    def pass_on(self, running: Iterable[Running]) -> None:
        """If the worker is to stop, ask each attempt, once, to end."""
        if not self.asked and time.monotonic() >= self._until:
            self.asked = True
            _say("its time is over: what runs writes a checkpoint\n")
        if self.asked:
            for each in [each for each in running if id(each) not in self._told]:
                self._told.add(id(each))
                each.interrupt()


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except RuntimeError:  # a line was just being written, which lets nobody in between
        import os

        os.write(sys.stderr.fileno(), text.encode())
