"""The Neptune Query Language, from its text to a tree of conditions.

    or         = and {"OR" and}
    and        = unary {"AND" unary}
    unary      = "NOT" unary | "(" or ")" | condition
    condition  = attribute ["NOT"] ("EXISTS" | operator value)
    attribute  = name ":" type | aggregate "(" name ":" type ")"

A name stands in backquotes, or bare where it has no space, no quote and none of `:()=<>!`. A value
is a bare word or stands in quotes of either kind, in which a backslash escapes a quote or itself.
Keywords may be written in small letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from project.server.query.nql_tokens import Tokens, syntax_error

AGGREGATES = ("last", "min", "max", "average", "variance")
OPERATORS = ("=", "==", "!=", ">=", "<=", ">", "<", "CONTAINS", "MATCHES")
MAX_DEPTH = 50


@dataclass(frozen=True)
class Attribute:
    """What a condition is about.

    Attributes:
        name: its path.
        type: its type, as written.
        aggregate: one of AGGREGATES for a float series, else None.
        position: where it begins in the query.
    """

    name: str
    type: str
    aggregate: str | None
    position: int


@dataclass(frozen=True)
class Exists:
    """The attribute is there."""

    attribute: Attribute


@dataclass(frozen=True)
class Comparison:
    """The attribute compares with a value by one of OPERATORS but "==" and "!="."""

    attribute: Attribute
    operator: str
    value: str
    position: int  # of the value


@dataclass(frozen=True)
class Not:
    """What the operand is not; a container without the attribute is not, either."""

    operand: Query


@dataclass(frozen=True)
class And:
    """All of them."""

    operands: tuple[Query, ...]


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    operands: tuple[Query, ...]


Query = Exists | Comparison | Not | And | Or


def parse(text: str) -> Query | None:
    """The tree of a query; None for an empty one, which everything fulfils.

    Raises:
        ApiError: the query can't be read; it says where and why.
    """
    tokens = Tokens(text)
    if tokens.kind == "end":
        return None
    query = _or(tokens, 0)
    if tokens.kind != "end":
        raise tokens.unexpected("AND, OR or the end of the query")
    return query


def _or(tokens: Tokens, depth: int) -> Query:
    operands = [_and(tokens, depth)]
    while tokens.accept("OR"):
        operands.append(_and(tokens, depth))
    return operands[0] if len(operands) == 1 else Or(tuple(operands))


def _and(tokens: Tokens, depth: int) -> Query:
    operands = [_unary(tokens, depth)]
    while tokens.accept("AND"):
        operands.append(_unary(tokens, depth))
    return operands[0] if len(operands) == 1 else And(tuple(operands))


def _unary(tokens: Tokens, depth: int) -> Query:
    if depth > MAX_DEPTH:
        raise syntax_error(tokens.start, f"more than {MAX_DEPTH} levels are nested")
    # An attribute may be called "not".
    if not tokens.is_before(":") and tokens.accept("NOT"):
        return Not(_unary(tokens, depth + 1))
    if tokens.accept("("):
        query = _or(tokens, depth + 1)
        tokens.expect(")")
        return query
    return _condition(tokens)


def _condition(tokens: Tokens) -> Query:
    attribute = _attribute(tokens)
    negated = tokens.accept("NOT")
    operator = tokens.accept("EXISTS", *OPERATORS)
    if operator is None:
        raise tokens.unexpected("an operator such as =, >= or CONTAINS")
    if operator == "EXISTS":
        condition: Query = Exists(attribute)
    else:
        plain = {"==": "=", "!=": "="}.get(operator, operator)
        position = tokens.start
        condition = Comparison(attribute, plain, tokens.value(), position)
        condition = Not(condition) if operator == "!=" else condition
    return Not(condition) if negated else condition


def _attribute(tokens: Tokens) -> Attribute:
    position, aggregate = tokens.start, None
    if tokens.is_before("("):
        aggregate = tokens.accept(*map(str.upper, AGGREGATES))
        if aggregate is None:
            raise tokens.unexpected(f"one of {', '.join(AGGREGATES)} before the bracket")
        tokens.expect("(")
    name = tokens.name("an attribute's name")
    tokens.expect(":")
    type_ = tokens.name("an attribute's type")
    if aggregate:
        tokens.expect(")")
    return Attribute(name, type_, aggregate and aggregate.lower(), position)
