"""Words for people: suggestions for mistyped ones, and names in the order people expect."""

import re
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ ", did you mean 'cnn'?" for the nearest known word, or nothing when none is near."""
    # difflib is needed only after a mistake; importing it costs every start-up 4 ms.
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts 10 after 9."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
