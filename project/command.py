"""What the commands share: private settings, and mistakes told in one line."""

import errno
import os
import sys


def load_private_settings() -> None:
    """Take tokens and local paths from an uncommitted `.env`, unless the environment has them."""
    if os.path.exists(".env"):
        # Looked for only where there is such a file; importing it costs every start-up 5 ms.
        from dotenv import load_dotenv

        load_dotenv(".env")


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
