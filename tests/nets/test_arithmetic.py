"""Arithmetic in a net's file: Python's own values, and nothing but numbers is ever worked out."""

import math

import pytest

from project.nets.text.arithmetic import names, worked_out

KNOWN = {"width": 32, "depth": 3, "rate": 0.5}
RIGHT = {
    "width * 2": 64,
    "width // 3 + depth % 2": 11,
    "-(width - 2) / 4": -7.5,
    "2 ** depth": 8,
    "round(width * 0.7)": 22,
    "min(width, depth, 5) + max(1, 2)": 5,
    "ceil(log2(width) / 2)": 3,
    "floor(sqrt(10)) * abs(-2)": 6,
    " 1e3 ": 1000.0,
    "rate": 0.5,
}
WRONG = {
    "widht * 2": "has the unknown name 'widht', did you mean 'width'?",
    "width / (depth - 3)": "divides by zero",
    "10 ** 400": "has no value",
    "2 ** 2 ** 2 ** 2 ** 2 ** 2": "has no value",
    "(-8) ** rate": "has no value",
    "sqrt(-1)": "has no value",
    "9 ** 17": "has no value, or one beyond 2 ** 53",
    "width *": "is no arithmetic",
    "__import__('os')": "is no arithmetic",
    "width.real": "is no arithmetic",
    "(lambda: 1)()": "is no arithmetic",
    "[1, 2]": "is no arithmetic",
    "width if depth else 1": "is no arithmetic",
    "round(width, 1)": "is no arithmetic",
    "min(1)": "is no arithmetic",
    "True + 1": "is no arithmetic",
    "'a' * 3": "is no arithmetic",
    "(" * 150 + ")" * 40: "is no arithmetic",
    "1+" * 120 + "1": "is longer than 200 characters",
    "1" * 5000: "is longer than 200 characters",
}


def test_it_has_the_values_of_python() -> None:
    for text, value in RIGHT.items():
        assert worked_out(text, KNOWN) == value, text
    scope = {**KNOWN, "ceil": math.ceil, "floor": math.floor, "sqrt": math.sqrt, "log2": math.log2}
    for text in RIGHT:
        assert eval(text, {"__builtins__": __builtins__}, scope) == worked_out(text, KNOWN), text


def test_what_is_none_is_told() -> None:
    for text, why in WRONG.items():
        with pytest.raises(ValueError) as raised:
            worked_out(text, KNOWN)
        assert str(raised.value).startswith(why), text


def test_names_are_found_in_order_once() -> None:
    assert names("b * a + min(a, c)") == ["b", "a", "c"]
