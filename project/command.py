"""What the commands share: private settings, and mistakes told in one line."""

import errno
import io
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TextIO

from project.hyperparameters import Hyperparameters


class _Lasting(io.FileIO):
    """A file descriptor whose reader may go away; what it would have got is dropped."""

    def write(self, data: Any) -> int | None:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


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
        line_buffering=stream.line_buffering,
    )


def add_exp_dir(parser: ArgumentParser, help: str) -> None:
    """Let a command take `--exp-dir`, with the default and the variable that a run's has."""
    from pathlib import Path  # 5 ms that a run's start-up can do without

    field = Hyperparameters.__dataclass_fields__["exp_dir"]
    default = Path(os.environ.get(field.metadata["env"], field.default))
    parser.add_argument("--exp-dir", type=Path, default=default, help=help)


def load_private_settings() -> None:
    """Take tokens and local paths from an uncommitted `.env`, unless the environment has them.

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
        return f"{error.filename}: {error.strerror}{fix}"
    return str(error) or type(error).__name__


def print_error(error: Exception) -> None:
    """One line for each thing that is wrong."""
    for line in describe(error).splitlines():
        print(f"error: {line}", file=sys.stderr)
