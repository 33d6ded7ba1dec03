"""Following a run that trains: sending on and on until the training process has gone."""

import os
import time
from pathlib import Path
from threading import Event, Thread

from project.tracking._follower import Follower
from project.tracking._scrub import one_line

POLL_SECONDS = 1.0
# How long a tracker that takes nothing is tried after training has ended.
GRACE_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 60.0
NICENESS = 10


def follow(
    run_dir: Path,
    name: str,
    pipe: int,
    grace: float = GRACE_SECONDS,
    poll: float = POLL_SECONDS,
) -> int:
    """Send what the run in `run_dir` logs until it ends; what fails is tried again, ever later.

    Args:
        run_dir: the run's directory.
        name: of the tracker.
        pipe: handle of a pipe whose other end the training process holds; that it can be read
            from, or is closed, tells that the run has ended, also when it was killed.
        grace: seconds without success after the run's end, after which it gives up.
        poll: seconds between two looks at the journal.
    Returns:
        The exit code: 0 when all was sent; 1 when the tracker took no more; 2 when its settings
        can't work.
    """
    # Training comes first where cores are few.
    os.nice(NICENESS)
    with Follower(run_dir, name, wait=True) as follower:
        gone = _watch(pipe, follower, grace)
        pause, told = poll, set()
        while True:
            ended = gone.is_set()
            try:
                follower.catch_up(ended)
            except Exception as error:
                # Whatever an SDK raises: it is told, and must not end the following.
                reason = one_line(error)
                if reason not in told:
                    print(reason, flush=True)
                    told.add(reason)
                follower.failed(reason)
                if type(error) is ValueError:
                    return 2
                if ended and time.monotonic() - follower.progress > grace:
                    return 1
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            else:
                if ended:
                    return 0
                pause = poll
            time.sleep(pause) if ended else gone.wait(pause)


def _watch(pipe: int, follower: Follower, grace: float) -> Event:
    """An event that tells that the run has ended; a tracker that hangs after that is given up."""
    gone = Event()

    def watch() -> None:
        os.read(pipe, 1)
        follower.progress = time.monotonic()
        gone.set()
        # Twice: the loop ends by itself, and in order, unless a call into the tracker hangs.
        while time.monotonic() - follower.progress < 2 * grace:
            time.sleep(grace / 10)
        print(f"{follower.name} took nothing for {2 * grace:.0f} s: given up", flush=True)
        os._exit(1)

    Thread(target=watch, name="watch", daemon=True).start()
    return gone
