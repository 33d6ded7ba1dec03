"""What the commands share: private settings, and mistakes told in one line."""

import os
import sys


def load_private_settings() -> None:
    """Take tokens and local paths from an uncommitted `.env`, unless the environment has them."""
    if os.path.exists(".env"):
        # Looked for only where there is such a file; importing it costs every start-up 5 ms.
        from dotenv import load_dotenv

        load_dotenv(".env")


def print_error(error: Exception) -> None:
    """One line for each thing that is wrong."""
    text = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    for line in text.splitlines() or [type(error).__name__]:
        print(f"error: {line}", file=sys.stderr)
