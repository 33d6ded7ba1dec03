"""What a single comparison of a `--where` expression means for a run's values."""

import operator
import re
from collections.abc import Callable
from typing import Any

from project.comparison._tokens import ExpressionError, Token
from project.comparison.values import Values, is_number, text_of
from project.provenance.find import SHORTEST

Condition = Callable[[Values], bool]
Fail = Callable[[str, Token], ExpressionError]
_OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONSTANTS = {"true": True, "false": False, "none": None}
# Hashes and ids are told by their beginnings, as everywhere; ids by their ends, too.
_BY_BEGINNING = ("sha", "data_hash", "run_id")
_IN_SECONDS = ("age", "duration")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|min|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def truth(name: str, values: Values) -> bool:
    """Whether what `name` stands for is true, not 0 and not empty."""
    return bool(values.get(name))


def membership(item: Token, name: Token, wanted: bool, fail: Fail) -> Condition:
    """`item in name`: one of a list, or a part of a text."""

    def holds(values: Values) -> bool:
        whole = values.get(name.text)
        if whole is None:
            return not wanted
        if not isinstance(whole, (str, list)):
            raise fail(f"{name.text} is no list or text, so nothing is in it", name)
        parts = whole if isinstance(whole, str) else list(map(text_of, whole))
        return (item.text in parts) == wanted

    return holds


def comparison(name: Token, sign: str, other: Token, fail: Fail) -> Condition:
    """`name sign other`. A run that lacks the value differs from all but `none`."""

    is_none = other.kind == "word" and other.text.lower() == "none"

    def holds(values: Values) -> bool:
        left = values.get(name.text)
        if left is None or is_none:
            return sign == ("==" if left is None and is_none else "!=")
        if is_number(left):
            return _numbers(left, sign, _number(name, other, values, fail))
        if isinstance(left, bool):
            return _flags(left, sign, name, other, fail)
        return _texts(text_of(left), sign, name, other, fail)

    return holds


def _numbers(left: float, sign: str, right: Any) -> bool:
    if right is None:
        return sign == "!="
    if left != left and right != right:  # both are nan
        return sign == "=="
    return _OPERATORS[sign](left, right)


def _number(name: Token, other: Token, values: Values, fail: Fail) -> float | None:
    """The number that is meant: itself, a time, or another name's."""
    if other.kind == "word" and other.text in values:
        value = values[other.text]
        if value is None or is_number(value):
            return value
    duration = _DURATION.fullmatch(other.text) if name.text in _IN_SECONDS else None
    if duration:
        return float(duration[1]) * _SECONDS[duration[2]]
    try:
        return float(other.text)
    except ValueError:
        raise fail(f"{name.text} is a number, {other.text!r} is none", other) from None


def _flags(left: bool, sign: str, name: Token, other: Token, fail: Fail) -> bool:
    right = _CONSTANTS.get(other.text.lower())
    if right is None or sign not in ("==", "!="):
        raise fail(f"{name.text} is true or false: ask {name.text} == true", other)
    return _OPERATORS[sign](left, right)


def _texts(left: str, sign: str, name: Token, other: Token, fail: Fail) -> bool:
    right = other.text
    if sign in ("==", "!="):
        if name.text in _BY_BEGINNING:
            is_end = name.text == "run_id" and len(right) >= SHORTEST and left.endswith(right)
            equal = right != "" and (
                is_end or left.startswith(right) or left.split(":")[-1].startswith(right)
            )
            return equal == (sign == "==")
        return _OPERATORS[sign](left, right)
    if other.kind == "number":
        raise fail(f"{name.text} is the text {left!r}, which has no order with a number", other)
    return _OPERATORS[sign](left, right)
