"""Printing lines: in colour on a terminal, plain where they are piped."""

import sys
from collections.abc import Iterable

from project.comparison.layout import Line


def show(lines: Iterable[Line]) -> None:
    """Print lines."""
    if hasattr(sys.stdout, "reconfigure"):
        # A name may hold letters that the terminal's encoding lacks.
        sys.stdout.reconfigure(errors="backslashreplace")
    if not sys.stdout.isatty():
        sys.stdout.writelines(f"{line.text}\n" for line in lines)
        return
    # Takes a tenth of a second to load, which a pipe needs not wait for.
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        console.print(Text(line.text, line.style), no_wrap=True, overflow="ignore", crop=False)
