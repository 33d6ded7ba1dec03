"""How wide texts are on a terminal, where Chinese, Japanese and Korean letters take two columns."""

import shutil
import sys


def cell_width(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 30 ms, which most texts need not pay

    return cell_len(text)


def terminal_width() -> int | None:
    """Columns of the terminal that is printed to; None if it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def squeezed(text: str, n: int) -> str:
    """A text in at most n columns, without its middle where it is wider."""
    if cell_width(text) <= n:
        return text
    middle = len(text) // 2
    head, tail = text[:middle], text[middle:]
    while cell_width(head) + 1 + cell_width(tail) > n:
        head, tail = (head[:-1], tail) if cell_width(head) > cell_width(tail) else (head, tail[1:])
    return f"{head}…{tail}"
