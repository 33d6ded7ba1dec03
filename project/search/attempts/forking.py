"""The origin's process: it has PyTorch and all else imported, and forks attempts that need not.

`python -m project.search.attempts.forking SOCKET REQUEST ANSWER`, which are handles, is asked for
forks on a socket, and ends with whoever has its other end. Its main thread computes nothing: a
thread whose helpers by OpenMP, or by autograd, have begun can't be forked.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import weakref
from collections.abc import Sequence
from importlib import import_module

from project.files.root import ROOT
from project.processes.leaving import leave
from project.provenance.code import keep
from project.search.attempts.carrying_out import carry_out
from project.training.runtime import wait_briefly

# What each run imports, once its flags are read.
IMPORTED = ("torch._dynamo", "project.experiment", "project.plan", "project.cli.planned")
LARGEST = 2**12  # bytes of a request, all of which stands in a file


def serve(connection: socket.socket) -> tuple[int, int, int]:
    """Fork attempts until the connection is closed, which ends this process.

    Args:
        connection: on which requests come, a number each, with handles: of the file with the rest,
            of the log, of the pipe to tell the run by, of the lifeline; and on which pids and ends
            are told.

    Returns:
        In a fork alone: the handles of its request, its lifeline, and the pipe to tell its run by.
    """
    gc.freeze()  # else the first collection in each fork would copy all of it
    woken, wake = os.pipe()
    for handle in (woken, wake):
        os.set_blocking(handle, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    numbers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([connection, woken], [], [])
        if woken in ready:
            os.read(woken, 2**10)
            _reap(connection, numbers)
        if connection not in ready:
            continue
        content, handles, *_ = socket.recv_fds(connection, LARGEST, 4)
        if not content:
            os._exit(0)
        number = json.loads(content)
        if (pid := os.fork()) == 0:
            signal.set_wakeup_fd(-1)
            for handle in (connection.detach(), woken, wake):
                os.close(handle)
            return _become_attempt(*handles)
        numbers[pid] = number
        for handle in handles:
            os.close(handle)
        _tell(connection, {"number": number, "pid": pid})


def _become_attempt(request: int, log: int, tell: int, lifeline: int) -> tuple[int, int, int]:
    """Take up what a process of its own would have: its signals, its output, its handles."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for handle in (1, 2):
        os.dup2(log, handle)
    os.close(log)
    return request, lifeline, tell


def _reap(connection: socket.socket, numbers: dict[int, int]) -> None:
    """Tell of each attempt that has ended: its exit code, and the seconds of cores it has used."""
    while numbers:
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if not pid:
            return
        told = {"code": os.waitstatus_to_exitcode(status), "cpu": used.ru_utime + used.ru_stime}
        _tell(connection, {"number": numbers.pop(pid), **told})


def _tell(connection: socket.socket, what: dict) -> None:
    try:
        connection.send(json.dumps(what).encode())
    except OSError:
        os._exit(0)  # nobody is left to be told


def make_ready(request: int, answer: int) -> None:
    """Import and load what trials share, and say what data they have, or what is wrong.

    Args:
        request: handle of a file with `modules` to import, and `flags` that all trials have.
        answer: of one for what `prepare` returns.
    """
    with open(request, "rb") as file:
        file.seek(0)
        asked = json.load(file)
    wait_briefly()
    keep(ROOT)
    for name in (*IMPORTED, *asked["modules"]):
        import_module(name)
    from project.search.attempts.preparing import prepare

    with open(answer, "w", encoding="utf-8") as file:
        json.dump(prepare(asked["flags"]), file)
    # What this process has begun is not for its forks to end; PyTorch's operators take them 28 ms.
    for each in gc.get_objects():
        if type(each) is weakref.finalize:
            each.atexit = False


def main(argv: Sequence[str]) -> None:
    """Make ready, serve, and in a fork carry out what was asked for."""
    channel, request, answer = map(int, argv)
    connection = socket.socket(fileno=channel)
    make_ready(request, answer)
    _tell(connection, {"ready": True})
    given = serve(connection)
    asked: object = None
    try:
        carry_out(*given)
    except SystemExit as end:
        asked = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        asked = 1
    leave(asked)


if __name__ == "__main__":
    main(sys.argv[1:])
