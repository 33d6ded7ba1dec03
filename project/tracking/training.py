"""The training process, as its followers hear it: which run it is, and when that has ended.

A follower has the lowest priority while its run trains, and no process may raise its own again.
But priority belongs to each thread: the one that listens keeps that of the beginning. Where the
others get no core once the run has ended, it has the process begin again, which then is its own.
"""

import os
import sys
import time
from pathlib import Path
from threading import Event, Thread

# After the directory of the run to follow, in the pipe to a follower.
RUN_ENDS = b"\0"
# Tells a process that it has begun again.
AGAIN = "PROJECT_FOLLOWER_BEGAN_AGAIN"
# So long a follower may wait for a core, mostly, after its run's end.
STARVING_SECONDS = 2.0


class Training:
    """What comes through the pipe from the training process.

    Attributes:
        gone: set once that has ended, in whatever way, or has no run to follow.
        over: to be set when the follower has nothing left to do.
    """

    def __init__(self, pipe: int, *, gives_way: bool = True) -> None:
        """Begin to listen.

        Args:
            gives_way: whether the process has, and may have to begin again.
            pipe: its other end names a run's directory; that more comes, or that it is closed,
                tells that the run has ended, also when training was killed.
        """
        self.gone, self.over = Event(), Event()
        self._pipe, self._run_dir, self._named = pipe, None, Event()
        self._gives_way = gives_way
        Thread(target=self._listen, daemon=True).start()

    def run_dir(self) -> Path | None:
        """The directory of the run, waited for; None if there will be none."""
        self._named.wait()
        return self._run_dir

    def _listen(self) -> None:
        self._run_dir = _read_directory(self._pipe)
        self._named.set()
        if self._run_dir is not None:
            os.read(self._pipe, 1)
        self.gone.set()
        if self._run_dir is not None and self._gives_way and AGAIN not in os.environ:
            self._see_that_it_goes_on()

    def _see_that_it_goes_on(self) -> None:
        began, waited = time.monotonic(), waits()
        while not self.over.wait(STARVING_SECONDS):
            now, waits_now = time.monotonic(), waits()
            if waits_now - waited > (now - began) / 2:
                begin_again(self._run_dir, self._pipe)
            began, waited = now, waits_now


def give_way() -> None:
    """Give this thread, and those it starts, the lowest priority: training comes first."""
    if AGAIN not in os.environ:
        os.nice(19)


def waits() -> float:
    """Seconds that this process's threads were ready to go on but waited for a core; 0 if unknown.

    Linux counts them.
    """
    total = 0
    for task in Path("/proc/self/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[1])
        except (OSError, IndexError):
            pass  # the thread has just ended, or the system does not count
    return total / 1e9


def begin_again(run_dir: Path, pipe: int) -> None:
    """Replace this process by a new one of the same kind and number, at this thread's priority.

    What the old one was about to send is sent once more, as after a kill.
    """
    read, write = os.pipe()
    os.write(write, os.fsencode(run_dir) + RUN_ENDS + b".")
    os.dup2(read, pipe)
    os.close(write)
    os.environ[AGAIN] = "1"
    os.execv(sys.executable, sys.orig_argv)


def _read_directory(pipe: int) -> Path | None:
    """The directory that a pipe begins with; None if it is closed before that is complete.

    No more is read than that, for the rest means something else.
    """
    directory = b""
    while byte := os.read(pipe, 1):
        if byte == RUN_ENDS:
            return Path(os.fsdecode(directory))
        directory += byte
    return None
