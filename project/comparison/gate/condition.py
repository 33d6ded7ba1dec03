"""What a gate says: `test_accuracy drops > 0.005`, parsed and never evaluated as code.

    gate:   SCORE VERB [[by] MORE NUMBER [%]] | SCORE BOUND NUMBER
    VERB:   drops rises changes worsens, and other words for these
    MORE:   > or >= ("more than", "at least")
    BOUND:  < <= > >=

A gate says what must not happen. A percentage is one of the base's value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from project.cli.numbers import number
from project.words.telling import did_you_mean, quoted

DROPS, RISES, CHANGES, WORSENS = "drops", "rises", "changes", "worsens"
BELOW, ABOVE = "below", "above"
# How people say it; singular and plural are one.
_VERBS = {
    DROPS: "drop fall decrease decline sink lower shrink lose",
    RISES: "rise increase grow climb gain",
    CHANGES: "change differ move vary",
    WORSENS: "worsen degrade regress",
}
_VERB_OF = {word: verb for verb, words in _VERBS.items() for word in words.split()}
_VERB_OF |= {"varie": CHANGES, "gets worse": WORSENS, "get worse": WORSENS}
_SIGNS = {
    **{sign: sign for sign in ("<", "<=", ">", ">=")},
    **{"≤": "<=", "=<": "<=", "≥": ">=", "=>": ">="},
    **{"below": "<", "under": "<", "less than": "<", "at most": "<="},
    **{"above": ">", "over": ">", "more than": ">", "at least": ">="},
}
_NAME = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s<>=!≤≥\"']+))\s*")
_VERB = re.compile(r"(gets? worse|[A-Za-z]+)\s*")
_SIGN = re.compile(
    r"(?:is\s+)?(?:by\s+)?([<>=!≤≥]+|[a-z]+ than|at [a-z]+|below|under|above|over)\s*"
)
_LIMIT = re.compile(r"([^\s%]+)\s*(%|percent|)")
_FORM = "write SCORE drops > 0.005 (or rises, changes, worsens; > 1 % of the base), or SCORE < 0.9"


@dataclass(frozen=True)
class Gate:
    """What must not happen.

    Attributes:
        text: as it was written, in one line.
        score: its name.
        what: DROPS, RISES, CHANGES, WORSENS, or of the new value alone BELOW, ABOVE.
        limit: by how much, or which value.
        is_percent: whether the limit is a percentage of the base's value.
        with_limit: whether it must not be reached either.
    """

    text: str
    score: str
    what: str
    limit: float
    is_percent: bool = False
    with_limit: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether it is about the new value alone."""
        return self.what in (BELOW, ABOVE)

    def fault(self, problem: str) -> str:
        """A line that says what is wrong with it."""
        return _fault(self.text, problem)


def parse(text: str) -> Gate:
    """The gate that `text` states.

    Raises:
        ValueError: it can't be understood; the line says why, and names near words.
    """
    line = " ".join(text.split())
    fail: Callable[[str], ValueError] = lambda problem: ValueError(_fault(line, problem))
    if (name := _NAME.match(line)) is None:
        raise fail(_FORM)
    score, rest = name[1] or name[2] or name[3], line.removeprefix(name[0])
    if not rest:
        raise fail(f"it does not say what must not happen to {score}: {_FORM}")
    verb, rest = _verb(rest, fail)
    if verb and not rest:
        return Gate(line, score, verb, 0.0)
    sign, rest = _sign(rest, fail)
    limit, is_percent = _limit(rest, fail)
    if verb is None:
        return _bound(line, score, sign, limit, is_percent, fail)
    if sign not in (">", ">="):
        raise fail(f"write {verb} > {rest}: a gate says what must not happen")
    if limit < 0:
        raise fail(f"{verb} has a direction already: write {verb} {sign} {rest.lstrip('-')}")
    return Gate(line, score, verb, limit, is_percent, sign == ">=")


def _bound(
    line: str, score: str, sign: str, limit: float, is_percent: bool, fail: Callable[[str], Any]
) -> Gate:
    if is_percent:
        raise fail("a percentage is one of the base's value: write drops or rises, or a number")
    return Gate(line, score, BELOW if "<" in sign else ABOVE, limit, False, "=" in sign)


def _verb(rest: str, fail: Callable[[str], Exception]) -> tuple[str | None, str]:
    """What must not happen, None for a bound; and what stands behind it."""
    match = _VERB.match(rest)
    if match is None or _SIGN.match(rest):
        return None, rest
    word = match[1].lower()
    word = word if word in _VERB_OF else word.removesuffix("s")
    if word not in _VERB_OF:
        known = [*(f"{verb}s" for verb in _VERB_OF if verb.isalpha()), *_VERBS]
        near = did_you_mean(match[1].lower(), known)
        raise fail(f"{quoted(match[1])} is no {', '.join(_VERBS)} or sign{near or f'; {_FORM}'}")
    return _VERB_OF[word], rest.removeprefix(match[0])


def _sign(rest: str, fail: Callable[[str], Exception]) -> tuple[str, str]:
    match = _SIGN.match(rest)
    if match is None:
        raise fail(f"> or >= is missing before {quoted(rest)}")
    if match[1] not in _SIGNS:
        raise fail(f"{quoted(match[1])} is no sign of a gate: write > or >=, or < or <=")
    return _SIGNS[match[1]], rest.removeprefix(match[0])


def _limit(rest: str, fail: Callable[[str], Exception]) -> tuple[float, bool]:
    """The number, and whether it is a percentage."""
    match = _LIMIT.fullmatch(rest)
    value = number(match[1]) if match else None
    if match is None or value is None or value - value != 0:
        comma = f": write {rest.replace(',', '.')}" * (number(rest.replace(",", ".")) is not None)
        raise fail(f"{quoted(rest)} is no number{comma}" if rest else "a number is missing")
    return value, bool(match[2])


def _fault(line: str, problem: str) -> str:
    return f"--gate {quoted(line)}: {problem}"
