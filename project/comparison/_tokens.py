"""The words of a `--where` expression, each with its position."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<operator>==|!=|<=|>=|[<>()])"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<word>[^\s()<>=!\"']+))"
)
# Between the parentheses of `in (a, b)` a comma ends a word.
_ITEM = re.compile(
    r"\s*(?:(?P<operator>==|!=|<=|>=|[<>(),])"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<word>[^\s()<>=!\"',]+))"
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
        at: Its first character's position, from 1.
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
    found: list[Token] = []
    at, end, in_list = 0, len(expression.rstrip()), False
    while at < end:
        match = (_ITEM if in_list else _TOKEN).match(expression, at)
        if match is None:
            raise _unreadable(expression, at)
        found.append(_token(match))
        at = match.end()
        in_list = in_list and not _is(found[-1], ")") or _opens_list(found)
    return [*found, Token("end", "", end + 1)]


def _opens_list(found: list[Token]) -> bool:
    before = found[-2] if len(found) > 1 else Token("end", "", 0)
    return _is(found[-1], "(") and before.kind == "word" and before.text.lower() == "in"


def _is(token: Token, operator: str) -> bool:
    return token.kind == "operator" and token.text == operator


def _token(match: re.Match[str]) -> Token:
    kind, text = str(match.lastgroup), match[str(match.lastgroup)]
    at = match.start(kind) + 1
    if kind == "text":
        return Token(kind, text[1:-1], at)
    if kind == "word" and _NUMBER.fullmatch(text):
        kind = "number"
    return Token(kind, text, at)


def _unreadable(expression: str, at: int) -> ExpressionError:
    at += len(expression[at:]) - len(expression[at:].lstrip())
    character = expression[at]
    problem = _FIXES.get(character, "the quote is not closed")
    return ExpressionError(f"{character!r}: {problem}", at + 1, expression)
