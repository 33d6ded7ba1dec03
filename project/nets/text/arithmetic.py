"""Arithmetic in a net's file, `width * 2`: parsed, and worked out step by step; never evaluated."""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping

from project.words.telling import did_you_mean, quoted

LONGEST = 200  # characters of an expression
LARGEST = 2.0**53  # up to which a float has each whole number
Number = int | float

_BINARY: dict[type, Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type, Callable[[Number], Number]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
# By name: what is called, and with how many numbers; None: two or more.
_FUNCTIONS: dict[str, tuple[Callable[..., Number], int | None]] = {
    "min": (min, None),
    "max": (max, None),
    "round": (round, 1),
    "floor": (math.floor, 1),
    "ceil": (math.ceil, 1),
    "abs": (abs, 1),
    "sqrt": (math.sqrt, 1),
    "log2": (math.log2, 1),
}
FUNCTIONS = tuple(_FUNCTIONS)


def names(text: str) -> list[str]:
    """The names that an expression needs a number for, in its order, each once.

    Raises:
        ValueError: it is no arithmetic; goes on after the text.
    """
    return list(dict.fromkeys(_names(_parsed(text))))


def worked_out(text: str, known: Mapping[str, Number]) -> Number:
    """The number that an expression stands for.

    Args:
        text: `width * 2`; numbers, names, + - * / // % **, parentheses, and functions.
        known: numbers by name.

    Raises:
        ValueError: it is no arithmetic, a name is unknown, or there is no such number; goes on
            after the text.
    """
    tree = _parsed(text)
    for name in _names(tree):
        if name not in known:
            near = did_you_mean(name, known)
            raise ValueError(f"has the unknown name {quoted(name)}{near} (names: {_told(known)})")
    try:
        return _value(tree, known)
    except ZeroDivisionError:
        raise ValueError("divides by zero") from None
    except (OverflowError, ValueError, TypeError):
        raise ValueError("has no value, or one beyond 2 ** 53") from None


def _told(known: Mapping[str, Number]) -> str:
    return ", ".join(sorted(known))


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters: it is no arithmetic")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError("is no arithmetic") from None
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    """Raise ValueError where something is no arithmetic."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.Name):
        return
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _each([node.left, node.right])
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _check(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        _, count = _FUNCTIONS.get(node.func.id, (None, -1))
        if len(node.args) == count or count is None and len(node.args) > 1:
            return _each(node.args)
    allowed = f"numbers, names, + - * / // % **, and {', '.join(FUNCTIONS)}"
    raise ValueError(f"is no arithmetic: it may have {allowed}")


def _each(parts: list[ast.expr]) -> None:
    for node in parts:
        _check(node)


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp):
        yield from _names(node.left)
        yield from _names(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _names(node.operand)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _names(argument)


def _value(node: ast.expr, known: Mapping[str, Number]) -> Number:
    if isinstance(node, ast.Constant):
        found = node.value
    elif isinstance(node, ast.Name):
        found = known[node.id]
    elif isinstance(node, ast.UnaryOp):
        found = _UNARY[type(node.op)](_value(node.operand, known))
    elif isinstance(node, ast.Call):
        found = _FUNCTIONS[node.func.id][0](*(_value(argument, known) for argument in node.args))
    else:
        assert isinstance(node, ast.BinOp)
        found = _binary(node.op, _value(node.left, known), _value(node.right, known))
    if isinstance(found, complex) or not abs(found) <= LARGEST:
        raise OverflowError
    return found


def _binary(kind: ast.operator, left: Number, right: Number) -> Number:
    if isinstance(kind, ast.Pow):
        # Of whole numbers, Python would work out all digits first.
        float(left) ** float(right)
        if abs(right) > 1024:
            left = float(left)
    return _BINARY[type(kind)](left, right)
