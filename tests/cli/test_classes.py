"""What is told of the classes at the start and at the end of a run."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import recall_score

from project.cli import messages
from project.cli.classes import (
    Found,
    by_class,
    never_predicted,
    told_absent,
    told_counts,
)
from project.cli.pixels import not_scored

TREES = ["birch", "maple", "oak", "yew"]


def data(classes: list[str], train: list[int], **others: list[int]) -> dict[str, Any]:
    """As in a record; val and test are like the training split where they are not given."""
    splits = {"train": train, "val": train, "test": train} | others
    counts = {name: {"total": sum(n), "per_class": n} for name, n in splits.items()}
    return {"classes": classes, "counts": counts}


def found(matrix: Any) -> Found:
    counts = np.array(matrix)
    return Found(*(n.tolist() for n in (counts.diagonal(), counts.sum(1), counts.sum(0))))


def recall(classes: list[str], matrix: Any) -> list[str]:
    rows = by_class(data(classes, [1] * len(classes)), found(matrix)).recall
    assert [name for name, _ in rows] == ["recall"] + [""] * (len(rows) - 1)
    assert all(len(line) <= 54 for _, line in rows)
    return [line for _, line in rows]


def test_few_uneven_classes_are_told_one_by_one() -> None:
    # 280 of 420 are oaks: 0.667.
    assert list(told_counts(data(TREES, [42, 84, 280, 14]))) == [
        'classes: birch 42, maple 84, oak 280, yew 14 (always "oak": 0.667)'
    ]


def test_the_baseline_is_of_the_test_split_and_other_shares_are_told() -> None:
    # Most frequent in training is oak, of which the test has 5 of 20. Of its samples 10 - 280 / 21
    # ... are elsewhere: 3 birches for 2, 8 maples for 4, 5 oaks for 13.3, 4 yews for .7; one of a
    # class may be rounding, so (0 + 3 + 7.3 + 2.3) / 40 = 0.32 are.
    told = list(told_counts(data(TREES, [42, 84, 280, 14], val=[4, 8, 28, 2], test=[3, 8, 5, 4])))
    assert told == [
        'classes: birch 42, maple 84, oak 280, yew 14 (always "oak": 0.250)',
        "in test: birch 3, maple 8, oak 5, yew 4",
    ]


@pytest.mark.parametrize(
    "classes, train, expected",
    [
        ([*"0123456789"], [103] * 9 + [107], "10 of 103 to 107 samples each: 0, 1, 2, 3, ..., 9"),
        ([*"0123456"], [5] * 7, "7 of 5 samples each: 0, 1, 2, 3, ..., 6"),
        (["3", "red oak", "é\x1b"], [1, 2, 1], r"'3' 1, 'red oak' 2, é\x1b 1"),
        (["a" * 40 + "z" * 9, "b"], [1000, 2], "aaaaaaaaa...zzzzzzzz 1,000, b 2"),
        (
            [f"c{i:03}" for i in range(1000)],
            list(range(1, 1001)),
            "1,000 of 1 to 1,000 samples each, most c999 1,000, c998 999, c997 998,"
            " fewest c000 1, c001 2, c002 3",
        ),
    ],
)
def test_classes_of_any_number_and_name(
    classes: list[str], train: list[int], expected: str
) -> None:
    (line,) = told_counts(data(classes, train))
    assert line.startswith("classes: ") and len(line) < 200
    assert line.removeprefix("classes: ").split(" (always")[0] == expected


def test_classes_that_are_tested_alone_are_told_apart() -> None:
    lines = list(told_counts(data(TREES, [40, 0, 30, 0], test=[0, 9, 0, 8])))
    assert lines == ["classes trained: birch 40, oak 30", "classes tested: maple 9, yew 8"]


def test_a_class_that_a_split_lacks_is_told() -> None:
    some = data(TREES, [9, 9, 9, 9], val=[1, 0, 1, 1], test=[0, 0, 5, 1])
    assert list(told_absent(some)) == [
        "class maple has no sample in val: macro averages take it for 0",
        "2 of 4 classes have no sample in test (birch, maple): macro averages take them for 0",
    ]
    assert not list(told_absent(data(TREES, [1, 1, 1, 1])))


def test_recall_is_told_of_the_worst_first_with_its_counts() -> None:
    matrix = [[6, 0, 6, 0], [0, 20, 4, 0], [0, 1, 79, 0], [1, 0, 3, 0]]
    targets = np.repeat(range(4), np.sum(matrix, 1))
    preds = np.concatenate([np.repeat(range(4), row) for row in matrix])
    expected = recall_score(targets, preds, average=None)
    assert [f"{value:.2f}" for value in expected] == ["0.50", "0.83", "0.99", "0.00"]
    assert recall(TREES, matrix) == [
        "yew: 0.00 (0 of 4)  birch: 0.50 (6 of 12)",
        "maple: 0.83 (20 of 24)  oak: 0.99 (79 of 80)",
    ]
    assert list(never_predicted(TREES, found(matrix))) == [
        "class yew is never predicted: 0 of 4 found"
    ]
    numbered = [f"class {i}" for i in range(4)]  # what is called so already is no "class class 3"
    assert next(never_predicted(numbered, found(matrix))).startswith("class 3 is never predicted")
    rows = by_class(data(TREES, [42, 84, 280, 14]), found(matrix))
    assert rows.baseline == ("baseline", 'test 0.6667  (always "oak")')  # 80 of 120


def test_of_many_classes_the_worst_are_told() -> None:
    n = 1000
    matrix = 10 * np.eye(n, dtype=int)
    matrix[7] = matrix[8] = np.eye(n, dtype=int)[0] * 10
    matrix[9, :2] = 1  # and 10 right: 10 of 12
    names = [f"class {i}" for i in range(n)]
    assert recall(names, matrix) == [
        "class 7: 0.00 (0 of 10)  class 8: 0.00 (0 of 10)",
        "class 9: 0.83 (10 of 12)  997 others: 1.00",
    ]
    assert list(never_predicted(names, found(matrix))) == [
        "2 of 1,000 classes are never predicted ('class 7', 'class 8'): 0 of 20 found"
    ]
    worse = np.roll(matrix, 1, axis=0) + np.eye(n, dtype=int)
    assert len(lines := recall(names, worse)) == 2 and lines[-1].endswith("  997 others: 0.09")
    # Of class i, i of 20 are found, but all of class 0; three fill two lines.
    steps = np.diag(range(20)) + np.outer(20 - np.arange(20), np.eye(20, dtype=int)[0])
    assert recall(names[:20], steps)[-1] == "class 3: 0.15 (3 of 20)  17 others: 0.20 to 1.00"
    assert recall(list("abc"), np.eye(3, dtype=int)) == ["3 classes: 1.00"]
    # A class that the test lacks has no recall.
    assert recall(["a", "b"], [[1, 1], [0, 0]]) == ["a: 0.50 (1 of 2)"]
    assert not list(never_predicted(["a", "b"], found([[2, 0], [0, 0]])))
    assert len(recall([letter * 30 for letter in "abcdefghijkl"], np.ones((12, 12)))) <= 5


@pytest.mark.parametrize(
    "n, batch_size, least, told",
    [
        # 420 / 32 are 13.1, so 14 steps; with 64 there are 7.
        (420, 128, 1, "only 4 steps an epoch (420 samples by 128); --batch-size 32 gives 14"),
        (100, 128, 1, "only 1 step an epoch"),
        (1258, 128, 1, None),  # digits: 10
        (420, 46, 1, None),  # 10; and of 47 there are 9
        (420, 47, 1, "--batch-size 32 gives 14"),
        (420, 128, 64, None),  # what would give more can't be shared
        (18, 128, 1, None),
        (19, 128, 1, "--batch-size 2 gives 10"),
    ],
)
def test_few_steps_an_epoch_are_told_with_the_fix(
    n: int, batch_size: int, least: int, told: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    messages.show_few_steps(n, batch_size, least)
    said = capsys.readouterr().err
    assert (told in said and said.count("\n") == 1) if told else not said


def test_classes_in_no_mask_and_no_prediction_are_counted() -> None:
    assert not_scored(TREES, found([[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [0] * 4])) == []
    matrix = np.zeros((4, 4), int)
    matrix[0, 1] = 5
    [row] = not_scored(TREES, found(matrix))
    assert row == ("not scored", "2 of 4 classes: NaN, in no mean (oak, yew)")
    many = [f"a class of long name {i}" for i in range(30)]
    [(_, line)] = not_scored(many, found(np.diag([1] + [0] * 29)))
    assert line.startswith("29 of 30 classes: NaN, in no mean (") and line.endswith("28 more)")
