"""Following several runs by one process: each is sent once it has ended, as a sweep names them."""

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from project.run_directory import log_of
from project.tracking.follower import Busy, Follower, is_current
from project.tracking.live import GRACE_SECONDS, LONGEST_PAUSE_SECONDS, POLL_SECONDS
from project.tracking.scrub import one_line
from project.tracking.training import RUN_ENDS


def follow_each(pipe: int, name: str, grace: float = GRACE_SECONDS) -> int:
    """Send runs as they are named, until nobody names more; what fails is tried again, ever later.

    One that fails lets the others pass, so that a damaged one holds up none.

    Args:
        pipe: its other end names directories of runs that have ended.
        name: of the tracker.
        grace: seconds without success, once no more are named, after which it gives up.
    Returns:
        The exit code: 0 when all was sent; 1 when the tracker took no more; 2 when the settings
        can't work, or a run is damaged, which no later try would mend.
    """
    waiting: list[Path] = []
    pause, succeeded = POLL_SECONDS, time.monotonic()
    named = _named(pipe)
    is_open, code = True, 0
    while is_open or waiting:
        if is_open:
            ready = select.select([pipe], [], [], pause if waiting else None)[0]
            more = next(named, None) if ready else []
            is_open, waiting = more is not None, waiting + (more or [])
            succeeded = time.monotonic() if not is_open else succeeded
        if not waiting:
            continue
        run = waiting.pop(0)
        try:
            _send(run, name)
            pause, succeeded = POLL_SECONDS, time.monotonic()
        except Busy:
            waiting.append(run)
            time.sleep(pause)
        except Exception as error:
            print(one_line(error), flush=True)
            if type(error) is ValueError:
                code = 2
                continue
            if not is_open and time.monotonic() - succeeded >= grace:
                return 1
            waiting.append(run)
            if not is_open:
                time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return code


def _send(run: Path, name: str) -> None:
    """Send one run; what the tracker's packages say goes into its log."""
    if is_current(run, name):
        return
    log = log_of(run, name)
    log.parent.mkdir(exist_ok=True)
    with open(log, "ab") as file:
        for output in (1, 2):
            os.dup2(file.fileno(), output)
    with Follower(run, name) as follower:
        try:
            follower.catch_up(ended=True)
        except Exception as error:
            follower.failed(one_line(error))
            raise


def _named(pipe: int) -> Iterator[list[Path]]:
    """The directories that have been named since, each time there is something to read."""
    begun = b""
    while content := os.read(pipe, 1 << 16):
        *whole, begun = (begun + content).split(RUN_ENDS)
        yield [Path(os.fsdecode(path)) for path in whole]
