"""Words for people: suggestions, values in messages, names in the order people expect."""

import re
from collections.abc import Iterable
from typing import Any

# What every command takes where it says RUN.
RUN = (
    "a run's id, an unambiguous beginning or end of one (7h3k), its directory, last, best:METRIC"
    " or best:EXPERIMENT/METRIC"
)

_LONGEST = 60  # characters of a value in a message


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ ", did you mean 'cnn'?" for the nearest known word, or nothing when none is near."""
    # difflib is needed only after a mistake; importing it costs every start-up 4 ms.
    from difflib import get_close_matches

    near = get_close_matches(word[:_LONGEST], list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def quoted(value: Any) -> str:
    """A value in a message: as Python writes it, in one line, its middle left out if it is long."""
    if isinstance(value, str) and len(value) > _LONGEST:
        value = f"{value[: _LONGEST // 2]}...{value[-_LONGEST // 4 :]}"
    return clipped(repr(value), 3 * _LONGEST)


def clipped(text: str, longest: int) -> str:
    """`text`, its middle left out where it is longer than that many characters."""
    if len(text) <= longest:
        return text
    return f"{text[: longest * 2 // 3]}...{text[-longest // 4 :]}"


def clean(text: str) -> str:
    """Without characters that would move a terminal's cursor or change its colours."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unfit(text: str, *, lines: bool = False) -> str | None:
    """Why a text can't be a tag, or with `lines` a note; None if it can.

    Control characters would move a terminal's cursor, and hide what is there.
    """
    if not text.strip():
        return "is empty"
    allowed = "\n\t" if lines else ""
    bad = next((c for c in text if not c.isprintable() and c not in allowed), None)
    return None if bad is None else f"holds {bad!r}, which is not printed; leave it out"


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts 10 after 9."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
