"""What is said of a checkpoint's contents, beside the contents of one."""

import re
from pathlib import Path

import pytest

from project.training import checkpoint, state
from project.training.state import Position

RUN = Path(__file__).parents[1] / "fixtures/schema-3/former/20261129-135520-x5mh/checkpoints"
BOTH = state.__doc__.partition("`last.pt` has besides")[0]


@pytest.mark.parametrize("name, said", [("best.pt", BOTH), ("last.pt", state.__doc__)])
def test_a_checkpoint_holds_what_is_said(name: str, said: str) -> None:
    # The names of keys stand between backticks, beside those of functions and files.
    others = {"describe", "capture", "as_trained", "restore"}
    named = set(re.findall(r"`(\w+)`", said)) - others
    later = {"class_counts", "code", "dtype", "task", "taken", "made", "callbacks"}
    assert checkpoint.load(RUN / name).keys() == named - later


def test_the_position_is_the_one_that_was_written() -> None:
    held = checkpoint.load(RUN / "last.pt", *checkpoint.TRAINING)
    assert Position.read(held) == (held["epoch"], held["step"], held["step_in_epoch"], True)
    assert held["step_in_epoch"] == 0  # training was over
