"""Signals once a run is over: they end what is only waited for, and nothing else."""

import signal
from types import SimpleNamespace

import pytest

from project.callbacks import interrupt
from project.callbacks.interrupt import Interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_a_wait_and_nothing_before_or_after(number: int) -> None:
    done = []
    with Interrupt(None, SimpleNamespace()) as over:
        over.hold_off()
        signal.raise_signal(number)
        done.append("the outcome is written")
        with pytest.raises(KeyboardInterrupt):
            with over.ending_a_wait():
                try:
                    signal.raise_signal(number)
                finally:
                    signal.raise_signal(number)
                    done.append("the wait is left in order")
        signal.raise_signal(number)
        done.append("the last lines are said")
    assert len(done) == 3


def test_the_ctrl_c_that_stopped_training_ends_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher passes it on, so that it comes twice."""
    monkeypatch.setattr(interrupt, "SAME_SECONDS", 1000.0)
    with Interrupt(None, SimpleNamespace()) as over:
        signal.raise_signal(signal.SIGINT)
        over.hold_off()
        with over.ending_a_wait():
            signal.raise_signal(signal.SIGINT)
