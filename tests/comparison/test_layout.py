"""Tables fit the terminal, are whole without one, and show no control character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from project.comparison.layout import Table, cut, table_lines, wrapped
from project.words.telling import clean

CELLS = st.text(max_size=30)


def texts(table: Table, width: int | None) -> list[str]:
    return [line.text for line in table_lines(table, width)]


def test_columns_line_up() -> None:
    table = Table(["run", "loss"], [["a", "0.5"], ["long", "12"]], frozenset({1}))
    assert texts(table, None) == texts(table, 80) == ["run   loss", "a      0.5", "long    12"]


def test_wide_letters_take_two_columns() -> None:
    table = Table(["a", "b"], [["\u4e2d", "x"], ["yyy", "z"]])
    assert texts(table, None) == ["a    b", "\u4e2d   x", "yyy  z"]


def test_what_has_no_room_is_named_or_comes_below() -> None:
    cells = [["1" * 6, "2" * 6, "3" * 6]]
    assert texts(Table(["id", "two", "three"], cells), 16) == [
        "id      two",
        "111111  222222",
        "no room for",
        "three",
    ]
    assert texts(Table(["id", "two", "three"], cells, blocks=True), 16) == [
        "id      two",
        "111111  222222",
        "id      three",
        "111111  333333",
    ]


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=2, max_size=4)
    ),
    st.integers(8, 90),
    st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(
    cells: list[list[str]], width: int, blocks: bool
) -> None:
    for line in texts(Table(cells[0], cells[1:], frozenset({1}), blocks=blocks), width):
        assert cell_len(line) <= width
        assert line == "" or line.isprintable()


@given(st.lists(CELLS, min_size=2, max_size=2), st.lists(CELLS, min_size=2, max_size=2))
def test_without_a_terminal_nothing_is_cut(header: list[str], row: list[str]) -> None:
    lines = texts(Table(header, [row]), None)
    for line, cells in zip(lines, (header, row), strict=True):
        assert all(clean(cell).rstrip() in line for cell in cells)


@pytest.mark.parametrize(
    "text, expected",
    [("\x1b[31mred", "\\x1b[31mred"), ("a\nb\tc", "a\\nb\\tc"), ("\ud800", "\\ud800")],
)
def test_control_characters_are_spelled_out(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_what_is_cut_says_so() -> None:
    assert cut("abcdefgh", 8) == "abcdefgh"
    assert cut("abcdefghi", 8) == "abcde..."
    assert cut("\u4e2d" * 5, 8) == "\u4e2d\u4e2d..."
    assert cut("abcdef", 2) == ".."


def test_a_sentence_is_wrapped() -> None:
    assert [line.text for line in wrapped("one two three", 8)] == ["one two", "three"]
