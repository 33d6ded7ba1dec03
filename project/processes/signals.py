"""A signal that ends a run, as an exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """A signal ended the run.

    Attributes:
        number: the signal's.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}")
        self.number = signum


@contextmanager
def at_once() -> Iterator[None]:
    """Let any signal raise `Interrupted` in the block, in which nothing is written yet."""

    def receive(signum: int, frame: FrameType | None) -> None:
        raise Interrupted(signum)

    former = {signum: signal.signal(signum, receive) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler)
