"""What happened to files between two manifests, told in a few lines."""

import os

import pytest

from project.provenance.data_changes import changes

# Contents by name, where a test needs no more than two letters to tell them apart.
THEN = {"ant/1": "A", "ant/2": "B", "bee/1": "C", "bee/2": "D"}


def lines(**now: str | None) -> list[str]:
    """The changes to THEN, of `folder_file="content"`; None: it is gone."""
    after = THEN | {name.replace("_", "/"): content for name, content in now.items()}
    return changes(THEN, {name: content for name, content in after.items() if content})


@pytest.mark.parametrize(
    "now, expected",
    [
        ({}, []),
        ({"ant_1": "X"}, ["ant/1 changed"]),
        ({"ant_1": None}, ["ant/1 was removed"]),
        ({"ant_3": "X"}, ["ant/3 was added"]),
        ({"ant_3": "A"}, ["ant/3 was added"]),  # a copy
        ({"ant_1": None, "bee_3": "A"}, ["ant/1 moved to bee/3"]),
        ({"ant_1": "B", "ant_2": "A"}, ["2 files in ant got other names"]),
        ({"ant_1": "B", "ant_2": None}, ["ant/1 changed", "ant/2 moved to ant/1"]),
        (
            {"ant_1": None, "ant_2": None, "cow_1": "A", "cow_2": "B"},
            ["the folder ant was renamed cow (2 files)"],
        ),
        (
            {"ant_1": None, "ant_2": None, "cow_1": "A", "cow_2": "X"},
            ["ant/2 was removed", "cow/2 was added", "the folder ant was renamed cow (1 file)"],
        ),
        (
            {"ant_1": None, "ant_2": None, "bee_3": "A", "bee_4": "B"},
            ["2 files moved from ant to bee"],
        ),
        (
            {"ant_1": "C", "ant_2": "D", "bee_1": "A", "bee_2": "B"},
            ["2 files moved from ant to bee", "2 files moved from bee to ant"],
        ),
    ],
)
def test_each_kind_of_change(now: dict[str, str | None], expected: list[str]) -> None:
    assert lines(**now) == expected


def test_of_equal_contents_those_with_the_same_file_name_belong_together() -> None:
    then = {"ant/1": "A", "ant/2": "A"}
    now = {"bee/2": "A", "cow/9": "A"}
    assert changes(then, now) == ["ant/2 moved to bee/2", "ant/1 moved to cow/9"]
    assert changes({"a/1": "A", "a/2": "A", "b/0": "B"}, {"b/2": "A", "a/1": "A", "b/0": "B"}) == [
        "a/2 moved to b/2"
    ]


def test_many_are_named_in_part() -> None:
    then = {f"a/{i:03}": str(i) for i in range(1012)}
    now = {name: f"{content}!" for name, content in then.items()}
    found = changes(then, now)
    assert found[:2] == ["a/000 changed", "a/001 changed"] and len(found) == 11
    assert found[-1] == "1,002 more files changed"
    assert changes(then, {})[-1] == "1,002 more files were removed"
    assert changes({}, dict(list(then.items())[:11]))[-1] == "1 more file was added"
    # Each from a folder of its own to another.
    folders = {f"{i:03}/x": str(i) for i in range(12)}
    found = changes(folders, {f"9{name}": content for name, content in folders.items()})
    assert found[0] == "the folder 000 was renamed 9000 (1 file)"
    assert found[-1] == "2 more files moved"


def test_thousands_of_equal_files_that_moved_are_told() -> None:
    then = {f"a/{i}": "A" for i in range(20_000)}
    now = {f"b/{i + 1}": "A" for i in range(20_000)}
    assert changes(then, now) == ["the folder a was renamed b (20,000 files)"]


def test_names_that_cannot_be_printed_are_spelled() -> None:
    name = os.fsdecode(b"a/\xff\n\x1b[0m")
    assert changes({name: "A"}, {}) == [r"'a/\udcff\n\x1b[0m' was removed"]
