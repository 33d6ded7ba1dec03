"""Python processes that need not import anew what takes seconds: forks of one that has it.

`python(["-c", code])` is like `subprocess.Popen([sys.executable, "-c", code])`, with PyTorch,
Lightning, the Neptune client, MLflow and our server imported already. Each worker of the tests has
one process to fork. What measures or counts imports, or loads torch in another way, needs a process
of its own.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
NUMBER = struct.Struct("i")
PRELOADED = (
    *("torch", "torch._dynamo", "torchvision", "pytorch_lightning", "sklearn.metrics"),
    *("neptune", "mlflow.server.fastapi_app", "project.server.app"),
)
LARGEST = 2**17  # bytes of a request: arguments and environment


class Fork:
    """A process, with what `subprocess.Popen` has: its output is one text, errors included."""

    def __init__(self, news: int, stdout: IO[str] | None) -> None:
        self._news = open(news, "rb", buffering=0)  # its pid and, when it has ended, its code
        (self.pid,) = NUMBER.unpack(self._news.read(NUMBER.size))
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self.returncode is None and select.select([self._news], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        if self.returncode is None:
            (self.returncode,) = NUMBER.unpack(self._news.read(NUMBER.size))
            self._news.close()
        return self.returncode

    def communicate(self) -> tuple[str, None]:
        """All it says until it has ended."""
        with self.stdout:
            said = self.stdout.read()
        self.wait()
        return said, None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """End it as Ctrl-C would."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def python(
    argv: Sequence[str | Path],
    env: Mapping[str, str],
    cwd: Path = ROOT,
    log: IO[bytes] | None = None,
) -> Fork:
    """Start Python with these arguments; what it says goes to `log`, else to the fork's `stdout`.

    Args:
        argv: `-c CODE ...`, `-m MODULE ...` or `FILE ...`.
        env: all of its environment.
        cwd: its working directory.
    """
    heard, say = (None, log.fileno()) if log else os.pipe()
    news = _ask(argv, env, cwd, [say, say])
    if log:
        return Fork(news, None)
    os.close(say)
    return Fork(news, open(heard, encoding="utf-8"))


def completed(
    argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run such a process to its end, as `subprocess.run` does, with what it said and complained."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = Fork(_ask(argv, env or os.environ, cwd, [out.fileno(), errors.fileno()]), None)
        code = process.wait()
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(list(argv), code, out.read(), errors.read())


def _ask(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path, outputs: list[int]) -> int:
    """Have a process forked that writes to the two `outputs`; returns where its news come from."""
    news, tell = os.pipe()
    request = {"argv": [str(arg) for arg in argv], "env": dict(env), "cwd": str(cwd)}
    socket.send_fds(_origin(), [json.dumps(request).encode()], [*outputs, tell])
    os.close(tell)
    return news


def told(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path = ROOT) -> str:
    """All that such a process says.

    Raises:
        AssertionError: it ended with another code than 0.
    """
    process = python(argv, env, cwd)
    said, _ = process.communicate()
    assert process.returncode == 0, said[-3000:]
    return said


@functools.cache
def _origin() -> socket.socket:
    """The connection to the process that forks, which ends with this one."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-W", "ignore", "-m", "tests.forks", str(there.fileno())]
    # The client greets those who import it with a warning; run the command to see what is wrong.
    quiet = {"stderr": subprocess.DEVNULL, "cwd": ROOT}
    process = subprocess.Popen(command, pass_fds=[there.fileno()], **quiet)
    there.close()

    def end() -> None:
        here.close()
        process.wait()

    atexit.register(end)
    return here


def _next(requests: socket.socket) -> dict:
    """The request to carry out, each in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the tests see to the end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # which has the system forget the dead
    while True:
        content, handles, *_ = socket.recv_fds(requests, LARGEST, 3)
        if not content:
            sys.exit()
        if os.fork() == 0:
            break
        for handle in handles:
            os.close(handle)
    requests.close()
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    *says, tell = handles
    child = os.fork()
    if child:  # this process waits for it, as only its parent can
        for say in says:
            os.close(say)
        os.write(tell, NUMBER.pack(child))
        os.write(tell, NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        os._exit(0)
    os.close(tell)
    for say, output in zip(says, (1, 2), strict=True):
        os.dup2(say, output)
        os.close(say)
    return json.loads(content)


def _run(argv: list[str], env: dict[str, str], cwd: str) -> None:
    """Be a Python that was started so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.modules.pop("__mp_main__", None)  # another name of this module, which is none of its own
    sys.path[:0] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    if Path(cwd, "project").is_dir() and not ROOT.samefile(cwd):
        _use_sources(cwd)
    if argv[0] == "-m":
        sys.argv = argv[1:]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    elif argv[0] == "-c":
        sys.argv = ["-c", *argv[2:]]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(argv[1], "<string>", "exec"), vars(main))
    else:
        sys.argv = argv
        sys.path.insert(0, str(Path(argv[0]).parent))
        runpy.run_path(argv[0], run_name="__main__")


def _use_sources(folder: str) -> None:
    """Take this project's modules from another copy of it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "project"]:
        del sys.modules[name]
    sys.path.insert(0, folder)


if __name__ == "__main__":
    for name in PRELOADED:
        import_module(name)
    gc.freeze()  # else the first collection in each fork would copy all of it
    _run(**_next(socket.socket(fileno=int(sys.argv[1]))))
