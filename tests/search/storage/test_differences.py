"""Lines about nested JSON that is not the same."""

from project.search.storage.differences import differences


def test_each_difference_is_a_line_with_its_path() -> None:
    then = {"rules": {"window": 2, "seed": 0}, "flags": ["--model", "mlp"], "old": 1, "same": 1}
    here = {"rules": {"window": 4, "seed": 0}, "flags": ["--model", "cnn"], "same": 1, "new": "x"}
    assert differences(then, here) == [
        "rules.window: 2 -> 4",
        'flags: ["--model", "mlp"] -> ["--model", "cnn"]',
        "old: 1 -> none",
        "new: none -> x",
    ]


def test_numbers_of_another_kind_are_others_and_long_values_are_cut() -> None:
    assert differences({"a": 1}, {"a": 1.0}) == ["a: 1 -> 1.0"]
    assert differences({"a": float("nan")}, {"a": float("nan")}) == []
    (line,) = differences({"a": "x" * 100}, {"a": ""})
    assert line == f"a: {'x' * 57}... -> "


def test_items_that_have_names_are_told_by_them() -> None:
    then = {"space": [{"name": "a", "low": 0}, {"name": "b"}]}
    here = {"space": [{"name": "a", "low": 1}]}
    assert differences(then, here) == ["space.a.low: 0 -> 1", 'space.b: {"name": "b"} -> none']
