"""The first signal asks what runs to end in order, a second one ends all; time does the first."""

import os
import signal

import pytest

from project.search.supervision import stopping
from project.search.supervision.stopping import Stop


class Running:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def interrupt(self) -> None:
        self.asked += 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_each_attempt_once(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    stop, one, other = Stop(), Running(), Running()
    before = signal.getsignal(number)
    with stop.listening():
        stop.pass_on([one])
        os.kill(os.getpid(), number)
        assert (stop.asked, stop.number, one.asked) == (True, number, 0)
        for _ in range(2):
            stop.pass_on([one, other])
        os.kill(os.getpid(), number)  # a launcher passes on what the terminal has sent
    assert (one.asked, other.asked) == (1, 1) and signal.getsignal(number) == before
    assert "once more to stop at once" in capsys.readouterr().err


def test_a_second_one_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SAME_SECONDS", 0.0)
    with Stop().listening():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_while_the_storage_is_away_one_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    stop = Stop()
    stop.at_once = True
    with stop.listening(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert capsys.readouterr().err == "\nstopped at once; the same command goes on\n"


def test_time_that_is_over_asks_likewise() -> None:
    stop, one = Stop(0.0), Running()
    stop.pass_on([one])
    assert (stop.asked, stop.number, one.asked) == (True, None, 1)
    never = Stop(1e6)
    never.pass_on([one])
    assert not never.asked and one.asked == 1
