"""Signals once a run is over: they end what is only waited for, and nothing else."""

import io
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from project.processes.signals import Interrupted, at_once
from project.training import interrupt
from project.training.interrupt import Interrupt


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
    signal.raise_signal(signal.SIGINT)
    done.append("the process ends with the run's exit code")
    assert len(done) == 4


def test_the_ctrl_c_that_stopped_training_ends_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher passes it on, so that it comes twice."""
    monkeypatch.setattr(interrupt, "SAME_SECONDS", 1000.0)
    with Interrupt(None, SimpleNamespace()) as over:
        over.on_train_start(None, None)
        signal.raise_signal(signal.SIGINT)
        over.hold_off()
        with over.ending_a_wait():
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_step_ends_at_once(number: int) -> None:
    solver = SimpleNamespace(stop_requested=False)
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as raised, at_once():
        signal.raise_signal(number)
    assert raised.value.number == number and signal.getsignal(number) == before
    with Interrupt(None, solver):
        with pytest.raises(Interrupted):
            signal.raise_signal(number)
    with Interrupt(None, solver) as stepping:
        stepping.on_train_start(None, None)
        signal.raise_signal(number)
    assert solver.stop_requested


def test_a_signal_in_the_middle_of_a_line_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a stream does that is written to from a signal's handler while it is written to."""

    class Interrupting(io.FileIO):
        written = False

        def write(self, data: bytes) -> int:
            if not self.written:
                self.written = True
                signal.raise_signal(signal.SIGINT)
            return super().write(data)

    solver = SimpleNamespace(stop_requested=False)
    with Interrupt(None, solver) as stepping, open(tmp_path / "said", "wb") as file:
        raw = Interrupting(file.fileno(), "w", closefd=False)
        stream = io.TextIOWrapper(io.BufferedWriter(raw), line_buffering=True)
        monkeypatch.setattr(sys, "stderr", stream)
        stepping.on_train_start(None, None)
        print("epoch 1/2", file=sys.stderr)
    said = (tmp_path / "said").read_text()
    assert solver.stop_requested
    assert said == "\nstopping after this step; once more to stop at once\nepoch 1/2\n"
