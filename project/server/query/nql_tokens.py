"""The words, signs and quoted texts of a query in the Neptune Query Language."""

from __future__ import annotations

import re

from project.server.errors import ApiError

MAX_LENGTH = 2**20
TOKEN = re.compile(
    r"""\s*(?:
      (?P<name>`[^`\0]*`)
    | (?P<quoted>"(?:[^"\\\0]|\\[^\0])*"|'(?:[^'\\\0]|\\[^\0])*')
    | (?P<sign>==|!=|>=|<=|[=<>():])
    | (?P<word>[^\s:()=<>!`"'\0]+)
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
# A bare value may hold colons, as a time does.
BARE_VALUE = re.compile(r"""[^\s()=<>!`"'\0]+""")
SPACE = re.compile(r"\s*")
ESCAPED = re.compile(r"""\\(["'\\])""")


def syntax_error(position: int, reason: str) -> ApiError:
    """What the client takes for a query that can't be read: it looks for this very title."""
    where = {"position": position, "reason": reason}
    return ApiError(400, "BAD_REQUEST", "Syntax error", **where)


class Tokens:
    """The tokens of a text, read one by one.

    Attributes:
        kind: of the token ahead: name, quoted, sign, word or end.
        token: the token ahead, as written.
        start: where it begins.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise syntax_error(MAX_LENGTH, f"the query has more than {MAX_LENGTH} characters")
        self._text, self._end = text, 0
        self._advance()

    def unexpected(self, expected: str) -> ApiError:
        """The error to raise where something else should stand."""
        found = repr(self.token[:50]) if self.token else "the end of the query"
        return syntax_error(self.start, f"expected {expected}, found {found}")

    def accept(self, *tokens: str) -> str | None:
        """The token ahead, if it is one of these signs or keywords; then it is passed."""
        token = self.token.upper()
        if self.kind not in ("word", "sign") or token not in tokens:
            return None
        self._advance()
        return token

    def expect(self, sign: str) -> None:
        """Pass this sign, or raise."""
        if not self.accept(sign):
            raise self.unexpected(repr(sign))

    def is_before(self, sign: str) -> bool:
        """Whether this sign follows the token ahead."""
        return self._text.startswith(sign, SPACE.match(self._text, self._end).end())

    def name(self, expected: str) -> str:
        """The name ahead, bare or in backquotes; then it is passed."""
        if self.kind not in ("name", "word"):
            raise self.unexpected(expected)
        name = self.token[1:-1] if self.kind == "name" else self.token
        self._advance()
        return name

    def value(self) -> str:
        """The value ahead, bare or quoted; then it is passed."""
        if self.kind == "quoted":
            value = ESCAPED.sub(r"\1", self.token[1:-1])
        elif self.kind == "word":
            match = BARE_VALUE.match(self._text, self.start)
            value, self._end = match[0], match.end()
        else:
            raise self.unexpected("a value")
        self._advance()
        return value

    def _advance(self) -> None:
        match = TOKEN.match(self._text, self._end)
        if match is None:
            start = SPACE.match(self._text, self._end).end()
            character = self._text[start]
            raise syntax_error(start, f"{character!r} can't stand here, or is not closed")
        self.kind = match.lastgroup
        self.token, self.start = match[self.kind], match.start(self.kind)
        self._end = match.end()
