"""A few predictions as a table on the terminal."""

import os
import sys
from collections.abc import Sequence

from project.inference.rows import HASH, MODEL, Row
from project.words.telling import clean
from project.words.width import cell_width, squeezed

MOST = 40  # rows on a terminal
LISTED = 3  # numbers of a list there
_NARROWEST = 12  # of a path


class Screen:
    """Shows rows: on a terminal the first of many, elsewhere all, without what is the same in all.

    Args:
        columns: names of the cells.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = [name for name in columns if name not in (HASH, MODEL, "mask")]
        self._rows: list[list[str]] = []
        self._n = 0
        self._terminal = sys.stdout.isatty()

    def add(self, row: Row) -> None:
        """Take a row in."""
        self._n += 1
        cells = [_text(row.get(name), self._terminal) for name in self._columns]
        if not self._terminal:
            if self._n == 1:
                print("\t".join(self._columns))
            print("\t".join(cells))
        elif self._n <= MOST:
            self._rows.append(cells)

    def show(self) -> None:
        """Print the table."""
        if not self._rows:
            return
        table = [[name.replace("_", " ") for name in self._columns], *self._rows]
        widths = [max(map(cell_width, column)) for column in zip(*table, strict=True)]
        rest = sum(widths[1:]) + 2 * len(widths[1:])
        widths[0] = max(_NARROWEST, min(widths[0], _width() - rest))
        for cells in table:
            print("  ".join(map(_padded, cells, widths)).rstrip())
        if self._n > MOST:
            print(f"and {self._n - MOST:,} more: -o FOLDER writes all")


def _text(value: object, short: bool = False) -> str:
    if isinstance(value, list):
        shown = value[:LISTED] if short else value
        more = f" ... ({len(value)})" if len(shown) < len(value) else ""
        return " ".join(map(_text, shown)) + more
    return f"{value:.4f}" if isinstance(value, float) else clean(str(value))


def _padded(text: str, width: int) -> str:
    """Filled up with blanks, or without its middle."""
    shown = squeezed(text, width)
    return shown + " " * (width - cell_width(shown))


def _width() -> int:
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        return 80
