"""`--where`: an expression over a run's values, parsed into conditions and never evaluated as code.

    or-expression:  and-expression {"or" and-expression}
    and-expression: condition {"and" condition}
    condition:      "not" condition | "(" or-expression ")" | VALUE {OPERATOR VALUE | IN LIST}
    OPERATOR:       == != < <= > >= | IN
    IN:             ["not"] "in"
    LIST:           "(" VALUE {"," VALUE} ")"

A VALUE is a name, a number, or a text, which needs quotes only where it has blanks (in a LIST also
where it has commas). A name alone asks whether it is true. `a < b < c` asks for both. `a in tags`
asks for one of a list or a part of a text, `model in (cnn, mlp)` whether it is equal to one.
"""

from collections.abc import Callable, Collection
from functools import partial

from project.comparison._conditions import comparison, membership, truth
from project.comparison._tokens import ExpressionError, Token, tokens
from project.comparison.values import Values
from project.words.telling import did_you_mean

Condition = Callable[[Values], bool]
_ORDER = ("==", "!=", "<", "<=", ">", ">=")
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WORDS = ("and", "or", "not", "in")
_FIXES = {"&": "and", "&&": "and", "|": "or", "||": "or", ",": "and", "is": "=="}
# Far more than anyone writes, and far less than the interpreter's own limit.
_DEEPEST = 50


def parse(expression: str, names: Collection[str]) -> Condition:
    """The condition that `expression` states.

    Args:
        expression: such as `val_accuracy > 0.9 and model == cnn`.
        names: What can be asked about.
    Returns:
        Tells whether a run's values fulfil it; raises ValueError if types don't fit.
    Raises:
        ValueError: it can't be understood; the message says where, and names near names.
    """
    parser = _Parser(expression, names)
    condition = parser.either()
    parser.expect_end()
    return condition


class _Parser:
    def __init__(self, expression: str, names: Collection[str]) -> None:
        self._expression, self._names = expression, names
        self._tokens = tokens(expression)
        self._next, self._depth = 0, 0

    def either(self) -> Condition:
        found = [self._every()]
        while self._take("or"):
            found.append(self._every())
        return found[0] if len(found) == 1 else lambda values: any(c(values) for c in found)

    def expect_end(self) -> None:
        token = self._token
        if token.kind != "end":
            fix = _FIXES.get(token.text)
            raise self._error(
                f"'and', 'or' or a comparison is missing before {token.text!r}"
                + (f"; write {fix}" if fix else ""),
                token,
            )

    def _every(self) -> Condition:
        found = [self._condition()]
        while self._take("and"):
            found.append(self._condition())
        return found[0] if len(found) == 1 else lambda values: all(c(values) for c in found)

    def _condition(self) -> Condition:
        negated = False
        while self._take("not"):
            negated = not negated
        condition = self._group() if self._token.text == "(" else self._chain()
        return (lambda values: not condition(values)) if negated else condition

    def _group(self) -> Condition:
        opening = self._advance()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} parentheses inside each other", opening)
        condition = self.either()
        if not self._take(")"):
            raise self._error("the parenthesis is not closed", opening)
        self._depth -= 1
        return condition

    def _chain(self) -> Condition:
        left, found = self._value(), []
        while operator := self._operator():
            if operator.endswith("in") and self._is("("):
                found.append(self._one_of(self._known(left), operator))
                break
            right = self._value()
            found.append(self._comparison(left, operator, right))
            left = right
        if not found:
            return partial(truth, self._known(left).text)
        return found[0] if len(found) == 1 else lambda values: all(c(values) for c in found)

    def _one_of(self, name: Token, operator: str) -> Condition:
        opening, items = self._advance(), [self._value()]
        while self._take(","):
            items.append(self._value())
        if not self._take(")"):
            what = "the end" if self._token.kind == "end" else repr(self._token.text)
            raise self._error(
                f"the list that begins at character {opening.at} needs a comma or ) before {what}",
                self._token,
            )
        equal = [comparison(name, "==", item, self._error) for item in items]
        wanted = operator == "in"
        return lambda values: any(holds(values) for holds in equal) == wanted

    def _comparison(self, left: Token, operator: str, right: Token) -> Condition:
        if operator.endswith("in"):
            return membership(left, self._known(right), operator == "in", self._error)
        if not self._is_name(left) and self._is_name(right):
            left, operator, right = right, _FLIPPED.get(operator, operator), left
        return comparison(self._known(left), operator, right, self._error)

    def _operator(self) -> str:
        if self._token.text in _ORDER and self._token.kind == "operator":
            return self._advance().text
        if self._take("in"):
            return "in"
        if self._is("not") and self._tokens[self._next + 1].text.lower() == "in":
            self._next += 2
            return "not in"
        return ""

    def _value(self) -> Token:
        token = self._token
        reserved = token.kind == "word" and token.text.lower() in _WORDS
        if token.kind in ("operator", "end") or reserved:
            what = "the end" if token.kind == "end" else repr(token.text)
            raise self._error(f"a name or a value is missing before {what}", token)
        return self._advance()

    def _known(self, token: Token) -> Token:
        if self._is_name(token):
            return token
        if token.kind == "word":
            near = did_you_mean(token.text, self._names)
            raise self._error(f"unknown name {token.text!r}{near}", token)
        raise self._error(f"{token.text!r} is compared with no name", token)

    def _is_name(self, token: Token) -> bool:
        # A name with blanks, as of a class's score, needs quotes.
        return token.kind in ("word", "text") and token.text in self._names

    def _take(self, text: str) -> bool:
        taken = self._is(text)
        self._next += taken
        return taken

    def _is(self, text: str) -> bool:
        return self._token.kind in ("word", "operator") and self._token.text.lower() == text

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _error(self, problem: str, token: Token) -> ExpressionError:
        return ExpressionError(problem, token.at, self._expression)
