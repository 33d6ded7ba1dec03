"""TensorBoard's own reader finds what was logged, each point once."""

import math
from pathlib import Path

import pytest

from project.tracking.follower import Follower, Sent
from tests.tracking.runs import PNG, finish, log, make_run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard.*")


def catch_up(run: Path, ended: bool) -> Sent:
    with Follower(run, "tensorboard") as follower:
        return follower.catch_up(ended)


def test_a_run_followed_twice_stands_there_once(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = make_run(tmp_path)
    log(run, ({"loss": 0.5, "val/@": math.nan}, 1))
    assert catch_up(run, ended=False) == Sent(2, 4)
    log(run, ({"loss": 0.25}, 2))
    finish(run)
    # A copy that is made anew: three points, the four files and the outcome.
    assert catch_up(run, ended=True) == Sent(3, 5)

    events = EventAccumulator(str(run / "tensorboard")).Reload()
    loss = events.Scalars("loss")
    assert [(point.step, point.value) for point in loss] == [(1, 0.5), (2, 0.25)]
    assert loss[0].wall_time < loss[1].wall_time
    (nan,) = events.Scalars("val/@")
    assert math.isnan(nan.value)
    (image,) = events.Images("figures/confusion")
    assert (image.encoded_image_string, image.width, image.height) == (PNG, 1, 1)
    (flags,) = events.Tensors("flags")
    assert "| learning_rate | 0.001 |" in flags.tensor_proto.string_val[0].decode()
    (status,) = events.Tensors("status")
    assert status.tensor_proto.string_val[0] == b"finished"
