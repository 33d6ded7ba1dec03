"""The words of a `--where` expression, each with its place."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<operator>==|!=|<=|>=|[<>()])"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<word>[^\s()<>=!\"']+))"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SHOWN = 80
_FIXES = {"=": "write == to compare", "!": "write not, or !="}


@dataclass(frozen=True)
class Token:
    """A word of an expression.

    Attributes:
        kind: operator, text (it was quoted), number, word or end.
        text: As written, without quotes.
        at: Its first character's place, from 1.
    """

    kind: str
    text: str
    at: int


class ExpressionError(ValueError):
    """An expression that can't be understood, or does not fit the runs."""

    def __init__(self, problem: str, at: int, expression: str) -> None:
        shown = expression if len(expression) <= _SHOWN else f"{expression[:_SHOWN]}..."
        super().__init__(f"--where {shown!r}: {problem} (at character {at})")


def tokens(expression: str) -> list[Token]:
    """Cut an expression into words; the last one is the end.

    Raises:
        ExpressionError: a character that begins no word, or a quote that is not closed.
    """
    found, at, end = [], 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            raise _unreadable(expression, at)
        found.append(_token(match))
        at = match.end()
    return [*found, Token("end", "", end + 1)]


def _token(match: re.Match[str]) -> Token:
    kind, text = str(match.lastgroup), match[str(match.lastgroup)]
    place = match.start(kind) + 1
    if kind == "text":
        return Token(kind, text[1:-1], place)
    if kind == "word" and _NUMBER.fullmatch(text):
        kind = "number"
    return Token(kind, text, place)


def _unreadable(expression: str, at: int) -> ExpressionError:
    at += len(expression[at:]) - len(expression[at:].lstrip())
    character = expression[at]
    problem = _FIXES.get(character, "the quote is not closed")
    return ExpressionError(f"{character!r}: {problem}", at + 1, expression)
