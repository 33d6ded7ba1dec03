"""What a command does just now, as long as there is nothing else to see: a line that goes again.

On a terminal the line changes in place, and whatever else is printed takes it away first
(`command.outlive_readers`). Elsewhere nothing is said of it, but how far a long count has come.
"""

import os
import sys
import time
from contextlib import suppress

# Seconds between two counts, on a terminal and elsewhere.
DRAW_EVERY, TELL_EVERY = 0.1, 30.0
_ERASE = "\r\x1b[K"


class _Line:
    """The one line of this process."""

    text = ""
    shown = False
    next = 0.0  # when a count is to be said


def draws() -> bool:
    """Whether standard error is a terminal on which something can be drawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def stage(text: str) -> None:
    """Say what is done from now on, as `loading torch`; nothing, once all can be seen."""
    _Line.text = text
    if not draws():
        _Line.next = time.monotonic() + TELL_EVERY
    elif text:
        _Line.next = time.monotonic() + DRAW_EVERY
        _draw(f"{text} ...")
    else:
        clear()


def count(done: int, total: int | None, began: float | None = None) -> None:
    """Say how much of the stage is done, if that is due.

    Args:
        done: so far.
        total: None: it isn't known.
        began: when it began, by `time.monotonic`, to tell how many a second are done.
    """
    if not _Line.text or (now := time.monotonic()) < _Line.next:
        return
    text = f"{_Line.text}: {done:,}{'' if total is None else f' of {total:,}'}"
    if began is not None:
        text += f", {done / max(now - began, 1e-9):,.0f} a second"
    if draws():
        _Line.next = now + DRAW_EVERY
        _draw(text)
    else:
        _Line.next = now + TELL_EVERY
        print(text, file=sys.stderr, flush=True)


def clear() -> None:
    """Take the line away; called while something else is written."""
    if _Line.shown:
        _Line.shown = False
        _write(_ERASE)


def _draw(text: str) -> None:
    # Some terminals, of containers for example, don't know their width.
    width = (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1
    sys.stderr.flush()
    _write(_ERASE + text[:width])
    _Line.shown = True


def _write(text: str) -> None:
    # Past the streams, which call `clear`; a terminal that is gone is no fault of the run.
    with suppress(OSError):
        os.write(sys.stderr.fileno(), text.encode())
