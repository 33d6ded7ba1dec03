"""What the commands share: their process, private settings, and mistakes told in one line."""

import errno
import gc
import io
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from project.cli.stage import clear
from project.hyperparameters import BY_NAME
from project.words.telling import RUN, clean, clipped

LONGEST = 2000  # characters of a line of error; some libraries repeat all of their input


class _Lasting(io.FileIO):
    """A file descriptor whose reader may go away; what it would have got is dropped.

    Attributes:
        lost: why something could not be written, but for a reader that has gone.
    """

    lost: OSError | None = None

    def write(self, data: Any) -> int | None:
        clear()
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = error
            return len(data)


def as_process(main: Callable[[Sequence[str]], int], lost: int = 2) -> int:
    """The exit code of a command with the process's arguments; `lost` if its output was lost.

    Whoever stops reading its output (`| head`) or has no room for it (`> /dev/full`), the command
    does its work to the end.
    """
    outlive_readers()
    try:
        code = main(sys.argv[1:])
    except SystemExit as ended:  # --help
        code = ended.code or 0
    output = sys.stdout
    output.flush()
    error = getattr(getattr(output.buffer, "raw", None), "lost", None)
    if error is not None:
        print_error(OSError(error.errno, error.strerror, "standard output"))
    # Python would look through all that torch and MLflow are made of, twice: seconds after the last
    # line, to free what the system frees at once.
    gc.freeze()
    return code or (lost if error else 0)


def outlive_readers() -> None:
    """Let a run end as it would, whoever stops reading what it prints (`| head`, `>&-`)."""
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed before the start
        return open(os.devnull, "w", encoding="utf-8")
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        # Under PYTHONUNBUFFERED, as in containers, streams write through and say nothing of lines.
        line_buffering=stream.line_buffering or stream.write_through,
    )


def add_exp_dir(parser: ArgumentParser, help: str) -> None:
    """Let a command take `--exp-dir`, with the default and the variable that a run's has."""
    from pathlib import Path  # 5 ms that a run's start-up can do without

    field = BY_NAME["exp_dir"]
    default = Path(os.environ.get(field.metadata["env"]) or field.default)

    def folder(text: str) -> Path:
        # Path("") would be the folder one stands in, which nobody means by "$UNSET".
        if not text:
            raise ArgumentTypeError("'' is no folder")
        return Path(text)

    parser.add_argument("--exp-dir", type=folder, default=default, help=help)


def add_run(
    parser: ArgumentParser,
    name: str = "run",
    more: str = "",
    nargs: str | None = None,
    **options: Any,
) -> None:
    """Let a command take RUN, explained as everywhere; `more` adds to what may stand for it."""
    text = f"{RUN}{more}".replace("%", "%%")
    action = parser.add_argument(name, nargs=nargs, metavar="RUN", help=text, **options)
    action.completer = _completer("runs_and_experiments" if "experiment" in more else "runs")


def _completer(name: str) -> Callable[..., Any]:
    """The function of `completion` of that name, imported when a shell asks."""

    def completer(**asked: Any) -> Any:
        from project.cli import completion

        return getattr(completion, name)(**asked)

    return completer


def load_private_settings() -> None:
    """Take tokens and local paths from an uncommitted `.env`, unless the environment has them.

    NEPTUNE_PROJECT_NAME, as other projects call it, stands in for an unset NEPTUNE_PROJECT.

    Raises:
        ValueError: the file is no text.
    """
    if os.path.exists(".env"):
        # Looked for only where there is such a file; importing it costs every start-up 5 ms.
        from dotenv import load_dotenv

        try:
            load_dotenv(".env")
        except UnicodeDecodeError as error:
            raise ValueError(f".env is not UTF-8: {error}; write it anew as text") from error
    if name := os.environ.get("NEPTUNE_PROJECT_NAME"):
        os.environ.setdefault("NEPTUNE_PROJECT", name)


def guarded(act: Callable[[], int]) -> int:
    """The exit code of a command: that of `act`; 2 where the input is at fault; 130 for Ctrl-C."""
    try:
        load_private_settings()
        return act()
    except (ValueError, OSError) as error:
        print_error(error)
        return 2
    except KeyboardInterrupt:
        return 130


def describe(error: Exception) -> str:
    """What went wrong, for people: a system error with its file and reason, others as they are."""
    if isinstance(error, OSError) and error.filename is not None:
        full = error.errno == errno.ENOSPC
        fix = "; free some space or give another folder" if full else ""
        return f"{error.filename or repr('')}: {error.strerror}{fix}"
    return str(error) or type(error).__name__


def print_error(error: Exception) -> None:
    """One line for each thing that is wrong."""
    for line in describe(error).splitlines():
        print(f"error: {clean(clipped(line, LONGEST))}", file=sys.stderr)
