"""`python -m project.notification.watch`: watches one run, and sends messages of it."""

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from project.notification import log
from project.notification.every import Every
from project.notification.services import Service, apprise
from project.tracking.scrub import one_line
from project.tracking.training import Training

# Ctrl-C, and whatever ends a batch job, is meant for the run; what becomes of that is to be told.
_MEANT_FOR_THE_RUN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Watch the run that standard input names until it has ended, in whatever way, and tell it.

    Returns:
        The exit code: 0; 1 if a service has not got the message.
    """
    for number in _MEANT_FOR_THE_RUN:
        signal.signal(number, signal.SIG_IGN)
    pipe = sys.stdin.fileno()
    asked = json.loads(_line(pipe) or b'{"services": []}')
    services = [Service(**told) for told in asked["services"]]
    training = Training(pipe, gives_way=False)
    run = training.run_dir()
    if run is None or not services:
        return 0
    try:
        threading.Thread(target=_load, daemon=True).start()
        return _watch(run, services, Every.read(asked["every"]), training)
    except Exception as error:
        # There is no one to tell it but the run's own folder.
        with suppress(OSError):
            log.note(run, "-", "-", log.GIVEN_UP, one_line(error))
        return 1
    finally:
        training.over.set()


def _watch(run: Path, services: list[Service], every: Every | None, training: Training) -> int:
    while every and not training.gone.wait(every.look_seconds):
        # What is damaged now is told at the end; the next message comes anyway.
        with suppress(ValueError, OSError):
            if (epoch := every.due(run)) is not None:
                from project.notification.message import on_the_way
                from project.notification.sending import deliver

                deliver(run, services, on_the_way(run, epoch), pauses=())
    training.gone.wait()
    from project.notification.message import in_short, of_the_end
    from project.notification.sending import deliver

    try:
        message = of_the_end(run)
    except (ValueError, OSError) as error:
        message = in_short(run, error)
    return 0 if deliver(run, services, message) else 1


def _load() -> None:
    """Import what is needed at the end, while nothing waits for it and nothing is held up."""
    with suppress(OSError, AttributeError):  # where priority is a process's, not a thread's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    apprise()
    import project.notification.message  # noqa: F401
    import project.notification.sending  # noqa: F401


def _line(pipe: int) -> bytes:
    """The first line, and no byte more."""
    found = b""
    while (byte := os.read(pipe, 1)) not in (b"", b"\n"):
        found += byte
    return found


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a thread that hangs in a service's code would be waited for
