"""Contestants: each in a process of its own, started once, that measures when its turn comes."""

import io
import multiprocessing
import os
import traceback
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch


class Contestants(ExitStack):
    """Starts contestants; they end with the `with` block.

    Args:
        apart: each in a process of its own, with the environment, threads and memory that it has by
            itself; False: all in this one, which is only quick.
        environment: variables that are set for those that are started.
    """

    def __init__(self, apart: bool = True, **environment: str) -> None:
        super().__init__()
        self._apart, self._environment = apart, environment

    def __call__(self, function: str, *arguments: Any, **named: Any) -> Callable[[], float]:
        """A measurement that calls `function`, "module:name", with these arguments."""
        call = (function, arguments, named)
        return self._started(call) if self._apart else lambda: _silent(call)

    def _started(self, call: tuple) -> Callable[[], float]:
        # A new interpreter: nothing of ours is loaded there, not even torch.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(call, theirs))
        with patch.dict(os.environ, self._environment):
            process.start()
        theirs.close()
        self.callback(process.join)
        self.callback(ours.close)
        return lambda: _ask(ours, call[0])


def _ask(connection: Connection, name: str) -> float:
    connection.send(None)
    answer = connection.recv()
    if isinstance(answer, str):
        raise RuntimeError(f"{name} failed:\n{answer}")
    return answer


def _serve(call: tuple, connection: Connection) -> None:
    """Measure whenever something arrives, until the other end is closed."""
    # A started process starts others as it was started itself; a DataLoader's workers would then
    # load torch anew, which by default they do not.
    multiprocessing.set_start_method(None, force=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(nowhere, handle)
    while True:
        try:
            connection.recv()
        except EOFError:
            return
        try:
            connection.send(_call(call))
        except Exception:
            connection.send(traceback.format_exc())


def _call(call: tuple) -> float:
    function, arguments, named = call
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)(*arguments, **named)


def _silent(call: tuple) -> float:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return _call(call)
