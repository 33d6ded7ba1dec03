"""`--where`: what expressions mean, beside Python's own meaning, and what is said of mistakes."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.comparison.where import parse

VALUES: dict[str, Any] = {
    "val_accuracy": 0.91,
    "test_accuracy": 0.88,
    "val_loss": math.nan,
    "max_epochs": 3,
    "model": "cnn",
    "monitor": "val_loss",
    "precision": "32",
    "dirty": True,
    "compile": False,
    "tags": ["small", "cnn"],
    "max_steps": None,
    "sha": "7399a69f8a78bc1c664d6dadb0232a4545c4be77",
    "data_hash": "blake3:c9e6b5fd",
    "age": 7200.0,
    "created": "2026-11-21T07:15:46+00:00",
    "description": "a first try",
    "val_recall/big cat": 0.5,
}


def holds(expression: str) -> bool:
    return parse(expression, VALUES.keys())(VALUES)


@pytest.mark.parametrize(
    "expression",
    [
        "val_accuracy > 0.9 and model == cnn",
        "val_accuracy>0.9 and model=='cnn'",
        "0.9 < val_accuracy < 0.92",
        "0.91 == val_accuracy",
        "cnn == model",
        "test_accuracy < val_accuracy",
        "max_epochs == 3 and max_epochs >= 3.0 and max_epochs != 4",
        "not (model == mlp or max_epochs > 3)",
        "not not dirty",
        "NOT compile AND dirty == true AND compile != TRUE",
        # A word on the right of a text is a text, though a score has the same name.
        "monitor == val_loss",
        'description == "a first try"',
        "precision == 32",
        "small in tags and big not in tags and 'first' in description",
        "tags == small,cnn",
        "model in (mlp, cnn) and model not in (mlp,resnet) and model in ('cnn')",
        "max_epochs in (1, 3.0) and max_epochs not in (1, 2) and age in (2h, 1d)",
        'description in ("a first try", b) and description not in (a, "first, try")',
        "max_steps in (1, none) and max_steps not in (1, 2) and sha in (00, 7399a69)",
        "dirty in (true) and (model in (mlp, cnn) or tags == small,mlp) and not model in (a, b)",
        "val_loss == nan and val_loss != 0.5 and not val_loss < 1 and not val_loss > 1",
        "max_steps == none and max_steps != 3 and not max_steps < 3 and model != none",
        "sha == 7399a69 and sha != 7399a68",
        "data_hash == c9e6 and data_hash == blake3:c9e6",
        "age < 3h and age > 1.5h and age == 120m and age < 1d and age >= 7200s",
        "created >= 2026-11-21 and created < 2026-11-22",
        '"val_recall/big cat" == .5',
        "max_epochs < val_accuracy or val_accuracy < max_epochs",
        "not age < max_steps",
        "max_epochs > -1e-3",
    ],
)
def test_what_holds(expression: str) -> None:
    assert holds(expression)
    assert not holds(f"not ({expression})")


NUMBERS = {"a": 1.0, "b": 2.0, "c": 3.0}
comparisons = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["1", "2.0", "3e0", "a", "b", "c"]),
).map(" ".join)
expressions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=8,
)


@given(expressions)
def test_precedence_is_pythons(expression: str) -> None:
    # Only here, where the expressions are our own, Python may evaluate them.
    expected = eval(expression, {"__builtins__": {}}, NUMBERS)
    assert parse(expression, NUMBERS.keys())(NUMBERS) == expected


@pytest.mark.parametrize(
    "expression, message",
    [
        (
            "val_acuracy > 0.9",
            "unknown name 'val_acuracy', did you mean 'val_accuracy'? (at character 1)",
        ),
        ("dirty and modle == cnn", "unknown name 'modle', did you mean 'model'? (at character 11)"),
        ("zzz", "unknown name 'zzz' (at character 1)"),
        ("1 < 2", "'1' is compared with no name (at character 1)"),
        ("model = cnn", "'=': write == to compare (at character 7)"),
        ("!dirty", "'!': write not, or != (at character 1)"),
        ("model == 'cnn", '"\'": the quote is not closed (at character 10)'),
        ("(dirty", "the parenthesis is not closed (at character 1)"),
        ("dirty)", "'and', 'or' or a comparison is missing before ')' (at character 6)"),
        ("dirty && compile", "missing before '&&'; write and (at character 7)"),
        (
            "dirty compile",
            "'and', 'or' or a comparison is missing before 'compile' (at character 7)",
        ),
        (
            "model in (a b)",
            "begins at character 10 needs a comma or ) before 'b' (at character 13)",
        ),
        ("model in (a, b", "at character 10 needs a comma or ) before the end (at character 15)"),
        ("model in ()", "a name or a value is missing before ')' (at character 11)"),
        ("model in (cnn,)", "a name or a value is missing before ')' (at character 15)"),
        ("model in (a, 'b)", '"\'": the quote is not closed (at character 14)'),
        (
            "model in (a, b) c",
            "'and', 'or' or a comparison is missing before 'c' (at character 17)",
        ),
        ("modle in (a, b)", "unknown name 'modle', did you mean 'model'? (at character 1)"),
        ("max_epochs in (1, x)", "max_epochs is a number, 'x' is none (at character 19)"),
        ("model ==", "a name or a value is missing before the end (at character 9)"),
        ("", "a name or a value is missing before the end (at character 1)"),
        ("model == == cnn", "a name or a value is missing before '==' (at character 10)"),
        ("and dirty", "a name or a value is missing before 'and' (at character 1)"),
        ("max_epochs > many", "max_epochs is a number, 'many' is none (at character 14)"),
        ("model > 3", "model is the text 'cnn', which has no order with a number (at character 9)"),
        ("dirty > 1", "dirty is true or false: ask dirty == true (at character 9)"),
        ("3 in max_epochs", "max_epochs is no list or text, so nothing is in it (at character 6)"),
        (
            "(" * 51 + "dirty" + ")" * 51,
            "more than 50 parentheses inside each other (at character 51)",
        ),
        ("(" * 100_000, "more than 50 parentheses inside each other (at character 51)"),
        ("__import__('os')", "unknown name '__import__' (at character 1)"),
    ],
)
def test_a_mistake_is_told_with_its_place(expression: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        holds(expression)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"--where {expression[:50]!r}"[:-1]) and line.endswith(message)
    assert len(line) < 200


@given(st.text(alphabet="ab()<>=!'\" 10.,notadri", max_size=30))
def test_any_text_is_an_answer_or_a_line(expression: str) -> None:
    try:
        assert parse(expression, NUMBERS.keys())(NUMBERS) in (True, False)
    except ValueError as error:
        assert str(error).startswith("--where ") and "\n" not in str(error)


def test_long_chains_are_no_deeper_than_short_ones() -> None:
    assert holds("dirty" + " and dirty" * 10_000)
    assert holds("not " * 10_000 + "dirty")
