"""What items take: each kind of value of a file, and the words for all others."""

from pathlib import Path
from typing import Any, Literal

import pytest

from project.nets.items import ITEMS
from project.nets.items.__main__ import table
from project.nets.items._values import Channels, Share, Sizes, told, typed

TAKEN = [
    (16, Channels, 16),
    (16.0, Channels, 16),  # `width * 0.5`
    (1_000_000, Channels, 1_000_000),
    (3, Sizes, 3),
    ([3, 5], Sizes, (3, 5)),
    (0, Share, 0.0),
    (0.5, Share | None, 0.5),
    (None, Share | None, None),
    (True, bool, True),
    ("avg", Literal["avg", "max"], "avg"),
    (None, Literal["relu", None], None),
]
REFUSED = [
    (0, Channels, "must be a whole number from 1 to 1000000, not 0"),
    (True, Channels, "not True"),
    (1.5, Channels, "not 1.5"),
    (1e12, Channels, "not 1000000000000.0"),
    (float("nan"), Channels, "not nan"),
    (float("inf"), Share, "must be a number from 0 to below 1, not inf"),
    (10**5000, Channels, "not a number of 16610 bits"),  # 5000 * log2(10), rounded up
    (10**5000, Share, "not a number of 16610 bits"),
    (1, Share, "not 1"),
    ("16", Channels, "not '16'"),
    ([3, 0], Sizes, r"must be a whole number or a list of whole numbers from 1 to 65536, not \["),
    ([], Sizes, r"not \[\]"),
    ([True], Sizes, r"not \[True\]"),
    ([1] * 17, Sizes, "not "),
    ({"a": 1}, Channels, "not {'a': 1}"),
    ([[1]], Literal["avg", "max"], "must be avg or max, not "),
    ("avgg", Literal["avg", "max"], "not 'avgg', did you mean 'avg'?"),
    (1, bool, "must be true or false, not 1"),
]


def test_values_become_what_the_annotation_says_or_are_refused_in_words() -> None:
    for value, hint, expected in TAKEN:
        found = typed(value, hint)
        assert found == expected and type(found) is type(expected)
    for value, hint, message in REFUSED:
        with pytest.raises(ValueError, match=message):
            typed(value, hint)


def test_all_that_items_take_has_words_and_its_default_fits() -> None:
    for item in ITEMS.values():
        assert item.summary.endswith("."), item.name
        for parameter in item.parameters.values():
            assert told(parameter.hint), parameter
            if not parameter.required:
                _same(parameter.typed(parameter.default), parameter.default)


def _same(found: Any, default: Any) -> None:
    assert found == default and type(found) is type(default)


def test_the_table_of_items_in_the_docs_is_what_the_signatures_say() -> None:
    docs = Path(__file__).parents[2] / "docs" / "nets.md"
    advice = "put what `python -m project.nets.items` prints into docs/nets.md"
    assert table() in docs.read_text(), advice
