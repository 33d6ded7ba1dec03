"""Python processes that need not import anew what takes seconds: forks of one that has it.

`python(["-c", code])` is like `subprocess.Popen([sys.executable, "-c", code])`, with PyTorch,
Lightning, the Neptune client, MLflow and our server imported already. All workers of the tests have
one process to fork, which is started when it is needed first and ends with the last of them; they
are forks of it themselves (`tests/worker.py`). What measures or counts imports, or loads torch in
another way, needs a process of its own.
"""

from __future__ import annotations

import atexit
import fcntl
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
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
NUMBER = struct.Struct("i")
PRELOADED = (
    *("torch", "torch._dynamo", "torchvision", "pytorch_lightning", "sklearn.metrics"),
    *("neptune", "mlflow.server.fastapi_app", "PIL.ImageFont", "PIL.PngImagePlugin"),
)
OURS = ("project.server.app", "project.plan", "project.experiment", "project.datasets.digits")
OURS += ("project.notification.services",)
LARGEST = 2**17  # bytes of a request: arguments and environment


class Fork:
    """A process, with what `subprocess.Popen` has: its output is one text, errors included."""

    def __init__(self, news: int, stdout: IO[str] | None, stdin: IO[str] | None = None) -> None:
        self._news = open(news, "rb", buffering=0)  # its pid and, when it has ended, its code
        (self.pid,) = NUMBER.unpack(self._news.read(NUMBER.size))
        self.stdout, self.stdin = stdout, stdin
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
        """All it says until it has ended; it is told nothing more."""
        if self.stdin:
            self.stdin.close()
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
    kept: Sequence[int] = (),
) -> Fork:
    """Start Python with these arguments; what it says goes to `log`, else to the fork's `stdout`.

    Args:
        argv: `-c CODE ...`, `-m MODULE ...` or `FILE ...`.
        env: all of its environment.
        cwd: its working directory.
        kept: handles that it has too, by the same numbers.
    """
    heard, say = (None, log.fileno()) if log else os.pipe()
    news = _ask(argv, env, cwd, {1: say, 2: say} | {handle: handle for handle in kept})
    if log:
        return Fork(news, None)
    os.close(say)
    return Fork(news, open(heard, encoding="utf-8"))


def answering(argv: Sequence[str | Path], env: Mapping[str, str], log: IO[bytes]) -> Fork:
    """Start Python likewise, to talk with by `stdin` and `stdout`; its errors go to `log`."""
    told, tell = os.pipe()
    heard, say = os.pipe()
    news = _ask(argv, env, ROOT, {0: told, 1: say, 2: log.fileno()})
    os.close(told)
    os.close(say)
    return Fork(news, open(heard, encoding="utf-8"), open(tell, "w", encoding="utf-8"))


def lent(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path) -> Fork:
    """Start Python likewise, with the input and outputs of this process."""
    return Fork(_ask(argv, env, cwd, {0: 0, 1: 1, 2: 2}), None)


def completed(
    argv: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    told: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run such a process to its end, as `subprocess.run` does, with what it said and complained.

    Args:
        told: all that it finds in its standard input.
    """
    files = [tempfile.TemporaryFile("w+") for _ in range(3)]
    with files[0] as given, files[1] as out, files[2] as errors:
        given.write(told)
        given.seek(0)
        handles = {number: file.fileno() for number, file in enumerate(files)}
        process = Fork(_ask(argv, env or os.environ, cwd, handles), None)
        code = process.wait()
        for file in (out, errors):
            file.seek(0)
        return subprocess.CompletedProcess(list(argv), code, out.read(), errors.read())


def _ask(
    argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path, handles: Mapping[int, int]
) -> int:
    """Have a process forked that has these handles, by number; returns where its news come from."""
    news, tell = os.pipe()
    request = {"argv": [str(arg) for arg in argv], "env": dict(env), "cwd": str(cwd)}
    request["handles"] = list(handles)
    socket.send_fds(_origin(), [json.dumps(request).encode()], [tell, *handles.values()])
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
    """The connection to the process that forks, which this one starts if no other has."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = _meeting_place()
    with _alone():
        try:
            connection.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            _start(path)
            connection.connect(path)
    atexit.register(connection.close)
    return connection


def _meeting_place() -> str:
    """Where the workers of one session of tests find the process that forks."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"process-{os.getpid()}")
    return os.path.join(tempfile.gettempdir(), f"forks-{os.getuid()}-{session}")


@contextmanager
def _alone() -> Iterator[None]:
    """While one starts or ends, no other does."""
    with open(__file__) as lock:  # any file that is there will do
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(path: str) -> None:
    """Start the process that forks; it listens at once, and answers when all is imported."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        listener.listen()
        command = [sys.executable, "-W", "ignore", "-m", "tests.forks"]
        command += [str(listener.fileno()), path]
        # The client greets who imports it with a warning; run the command to see what is wrong. Of
        # a session of its own: Ctrl-C in a terminal is the tests' to see to.
        nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        apart = {"cwd": ROOT, "start_new_session": True, "pass_fds": [listener.fileno()]}
        started = subprocess.Popen(command, **nowhere, **apart)
    started.returncode = 0  # others may need it still when this process ends, which waits for none


class _Workers:
    """Those who ask for forks, until the last of them has gone."""

    def __init__(self, listener: socket.socket, path: str) -> None:
        self._listener, self._path = listener, path
        self._connections: list[socket.socket] = []

    def requests(self) -> Iterator[tuple[bytes, list[int]]]:
        """Each request with its handles."""
        first = True
        while first or self._connections or not self._ended():
            ready, _, _ = select.select([self._listener, *self._connections], [], [])
            for connection in ready:
                first = False
                if connection is self._listener:
                    self._connections.append(connection.accept()[0])
                    continue
                content, handles, *_ = socket.recv_fds(connection, LARGEST, 16)
                if content:
                    yield content, handles
                else:
                    connection.close()
                    self._connections.remove(connection)

    def _ended(self) -> bool:
        with _alone():
            if select.select([self._listener], [], [], 0)[0]:
                return False
            Path(self._path).unlink()
            return True

    def close(self) -> None:
        """Forget them, in a fork."""
        for connection in (self._listener, *self._connections):
            connection.close()


def _next(workers: _Workers) -> dict:
    """The request to carry out, each in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # which has the system forget the dead
    for content, handles in workers.requests():
        if os.fork() == 0:
            break
        for handle in handles:
            os.close(handle)
    else:
        sys.exit()
    workers.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    tell, *given = handles
    child = os.fork()
    if child:  # this process waits for it, as only its parent can
        for handle in given:
            os.close(handle)
        os.write(tell, NUMBER.pack(child))
        os.write(tell, NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        os._exit(0)
    os.close(tell)
    request = json.loads(content)
    _number(dict(zip(given, request.pop("handles"), strict=True)))
    return request


def _number(handles: dict[int, int]) -> None:
    """Give each handle its number, which another of them may have."""
    apart = {fcntl.fcntl(old, fcntl.F_DUPFD, 200): new for old, new in handles.items()}
    for old in handles:
        os.close(old)
    for old, new in apart.items():
        os.dup2(old, new)
        os.close(old)


def _run(argv: list[str], env: dict[str, str], cwd: str) -> None:
    """Be a Python that was started so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.orig_argv = [sys.executable, *argv]  # by which a process may begin again
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


def _warm_up() -> None:
    """Import all of that; what our own code is warned of is an error, as in tests."""
    for name in PRELOADED:
        import_module(name)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module="project")
        for name in OURS:
            import_module(name)
    # It looks at each of its services when the first one is made, which takes a second.
    sys.modules["project.notification.services"].apprise().Apprise.instantiate("json://localhost")


if __name__ == "__main__":
    from project.processes.leaving import leave  # elsewhere nothing of the project is found

    _warm_up()
    gc.freeze()  # else the first collection in each fork would copy all of it
    asked = None
    try:
        _run(**_next(_Workers(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])))
    except SystemExit as end:
        asked = end.code
    leave(asked)
