"""Suggestions for mistyped words."""

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ ", did you mean 'cnn'?" for the nearest known word, or nothing when none is near."""
    # difflib is needed only after a mistake; importing it costs every start-up 4 ms.
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
