"""Following a run that trains: sending on and on until the training process has gone."""

import os
import time
from pathlib import Path
from threading import Event, Thread

from project.tracking.choice import is_slow_to_open
from project.tracking.follower import Follower
from project.tracking.scrub import one_line
from project.tracking.training import Training

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# How long a tracker that takes nothing is tried once training has ended.
GRACE_SECONDS = 600.0
# More: what does not hang ends by itself before, and in order.
HANG_SECONDS = 1200.0
# So long a tracker that is slow to open lets a run train undisturbed; many are over by then.
SLOW_SECONDS = 30.0


def follow(
    run_dir: Path,
    name: str,
    training: Training,
    grace: float = GRACE_SECONDS,
    hang: float = HANG_SECONDS,
) -> int:
    """Send what the run in `run_dir` logs until it ends; what fails is tried again, ever later.

    Args:
        run_dir: the run's directory.
        name: of the tracker.
        training: tells when the run has ended.
        grace: seconds without success after the run's end, after which it gives up.
        hang: the same for a tracker that does not even fail; the process then ends.
    Returns:
        The exit code: 0 when all was sent; 1 when the tracker took no more; 2 when its settings
        can't work.
    """
    with Follower(run_dir, name, wait=True) as follower:
        Thread(target=_watch, args=(training, follower, hang), daemon=True).start()
        try:
            if is_slow_to_open(name, run_dir):
                training.gone.wait(SLOW_SECONDS)
            return _send_on(follower, grace, training.gone)
        finally:
            training.over.set()


def _send_on(follower: Follower, grace: float, gone: Event) -> int:
    pause, told = POLL_SECONDS, set()
    while True:
        ended = gone.is_set()
        try:
            follower.catch_up(ended)
            if ended:
                return 0
            pause = POLL_SECONDS
        except Exception as error:
            # Whatever an SDK raises must not end the following; it is told, once.
            reason = one_line(error)
            if reason not in told:
                print(reason, flush=True)
                told.add(reason)
            follower.failed(reason)
            if type(error) is ValueError:
                return 2
            if ended and time.monotonic() - follower.progress >= grace:
                return 1
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        time.sleep(pause) if ended else gone.wait(pause)


def _watch(training: Training, follower: Follower, hang: float) -> None:
    """End this process if, once the run has ended, a call into the tracker hangs."""
    training.gone.wait()
    follower.progress = time.monotonic()
    while not training.over.wait(min(1.0, hang)):
        if time.monotonic() - follower.progress > hang:
            print(f"{follower.name} took nothing for {hang:g} s: given up", flush=True)
            os._exit(1)
