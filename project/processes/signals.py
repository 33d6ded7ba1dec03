"""A signal that ends a run, as an exception."""

import signal
from collections.abc import Callable, Iterator
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

    with received_by(receive):
        yield


@contextmanager
def received_by(receive: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let a function have the signals in the block, and after it who had them before."""
    former = {signum: signal.signal(signum, receive) for signum in SIGNALS}
    try:
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler)
