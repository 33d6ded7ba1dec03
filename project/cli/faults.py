"""Faults in a person's own code: whose an error is, and the line that says what and where."""

import dis
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import NoneType
from typing import Any

from project import plugs
from project.cli.command import describe
from project.files import definitions
from project.plugs.handing import PLACES
from project.plugs.texts import reader
from project.words import places
from project.words.telling import clipped

# Their messages are written for people; anything else is a fault in the code.
EXPECTED = (ValueError, FloatingPointError, OSError)
_LONGEST = 500


class Misuse(ValueError):
    """A person's own code hands something wrong to ours; the place is theirs."""


def meant(error: BaseException) -> bool:
    """Whether an error's own text is all there is to say: this package has raised it on purpose.

    Where a file from outside has a part in it, the person needs to know where.
    """
    found = list(places.frames(error.__traceback__))
    if not isinstance(error, EXPECTED) or isinstance(error, Misuse):
        return False
    if any(places.is_outside(code.co_filename) for code, _ in found):
        return False
    if isinstance(error, OSError) or not found:
        return True  # it names a file
    return _raises(error) and found[-1][0].co_filename.startswith(places.PACKAGE)


def _raises(error: BaseException) -> bool:
    """Whether a `raise` has raised it, not what the line calls."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code.co_code
    return dis.opname[code[trace.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")


def told(error: BaseException) -> tuple[str, bool]:
    """An error in a line, and whether a person's own code is at fault: then it names the place."""
    place = None if meant(error) else places.arose(error)
    text = one_line(error) if isinstance(error, EXPECTED) and place is None else named(error)
    return (f"{text} ({place})" if place else text), place is not None


def named(error: BaseException) -> str:
    """An error's type and text, in a line."""
    text, name = clipped(one_line(error), _LONGEST), type(error).__name__
    if isinstance(error, Misuse):
        return text
    return name if text in ("", name) else f"{name}: {text}"


def one_line(error: BaseException) -> str:
    """An error's text, in a line; that of a worker process without its traceback."""
    text = describe(error).split("Exception raised from", 1)[0]  # PyTorch appends its C++ frames
    if places.WORKERS in text:
        text = text.rstrip().splitlines()[-1].removeprefix(f"{type(error).__name__}: ")
    return " ".join(text.split())


def fault(kind: str, text: str, why: str, *things: Any) -> ValueError:
    """What a person's own plug does wrong, in a line that ends with its place.

    Args:
        kind: of the plug.
        text: as it was chosen.
        why: what it does.
        things: functions, or places as file and line, or None; the first that is a person's is
            named. If none is, what the plug was chosen by.
    """
    for thing in things:
        at = thing if isinstance(thing, (tuple, NoneType)) else definitions.place(thing)
        if at and (places.is_outside(at[0]) or places.is_plug(at[0])):
            return ValueError(f"{kind} {text} {why} ({places.shown(*at)})")
    plug = plugs.find(kind, text)
    if reader(kind, text) is not None:
        return ValueError(f"{kind} {text} {why}")
    line = definitions.top_level(plug.path, plug.entry) or 1
    return ValueError(f"{kind} {text} {why} ({places.shown(plug.path, line)})")


@contextmanager
def blamed(kind: str, *texts: str, doing: str = "raised") -> Iterator[None]:
    """Tell an error in what the block calls as the plug's: which one, what it did, and where.

    Args:
        kind: of plug.
        texts: those that were chosen.
        doing: what it did, for people, before the error.

    Raises:
        ValueError: the person's own code, or how we call it, has raised an error.
    """
    try:
        yield
    # `exit()` in a person's code ends nothing.
    except (Exception, SystemExit) as error:
        if meant(error):
            raise
        where = places.arose(error)
        text = _whose(kind, texts, error)
        if where is not None:
            name = text or os.path.basename(where.rpartition(":")[0]).removesuffix(".py")
            what = f": {error}" if isinstance(error, Misuse) else f" {doing} {named(error)}"
            raise ValueError(f"{kind} {name}{what} ({where})") from error
        if text is None:
            raise
        raise fault(kind, text, _uncalled(kind, text, doing, error)) from error


def _whose(kind: str, texts: tuple[str, ...], error: BaseException) -> str | None:
    """Of the plugs that were chosen, the one whose file an error went through, or the only one."""
    if len(texts) == 1:
        return texts[0]
    went = {os.path.abspath(path) for path, _ in places.lines(error)}
    return next(
        (text for text in texts if os.path.abspath(plugs.find(kind, text).path) in went), None
    )


def _uncalled(kind: str, text: str, doing: str, error: BaseException) -> str:
    """What is wrong with a plug that an error has not gone through: mostly, it has no entry."""
    entry = plugs.find(kind, text).entry
    if isinstance(error, AttributeError) and f"has no attribute {entry!r}" in str(error):
        return f"defines no {entry}({', '.join(PLACES[kind])})"
    return f"{doing} {named(error)}"
