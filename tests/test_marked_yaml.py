"""YAML with lines: values as YAML 1.2 has them, every mistake at once, nothing without an end."""

import random

import pytest

from project.files.marked_yaml import DEEPEST, LARGEST, parse

TEXT = """\
defaults: {act: relu, size: 1e-3}
layers:
  - conv: {out: 16, name: 'no'}
  - &a pool: &b
      size: 2
  - *b
  - [no, 0x10, 1:30, 010, true, ~]
"""


def test_values_are_those_of_yaml_1_2_with_their_lines() -> None:
    root, problems = parse(TEXT, "net.yaml")
    assert problems == []
    pool = {"size": 2}
    assert root.plain == {
        "defaults": {"act": "relu", "size": 0.001},
        "layers": [
            {"conv": {"out": 16, "name": "no"}},
            {"pool": pool},
            pool,
            ["no", "0x10", "1:30", 10, True, None],
        ],
    }
    layers = root.value["layers"]
    assert layers.place == "net.yaml:2"
    assert [node.line for node in layers.value] == [3, 4, 4, 7]
    assert layers.value[1].value["pool"].value["size"].line == 5
    assert root.size == sum(1 for _ in every(root))


def every(node):
    yield node
    inside = node.value.values() if isinstance(node.value, dict) else node.value
    for one in inside if isinstance(node.value, (dict, list)) else ():
        yield from every(one)


def test_every_mistake_is_told_with_its_line() -> None:
    text = 'a: !!python/object/apply:os.system [x]\nb: *c\n? [d]\n: 1\na: 2\ne: "\\ud800"\nf: {'
    assert parse(text, "net.yaml").problems == [
        "net.yaml:1: tags such as 'tag:yaml.org,2002:python/object/apply:os.system' are not read;"
        " leave it out",
        "net.yaml:2: nothing is marked as &c before this",
        "net.yaml:3: a name belongs here, not a list",
        "net.yaml:5: a is given twice (first in line 1); leave one",
        "net.yaml:6: '\\ud800' is no text: half of a character",
        "net.yaml:7: not YAML: expected the node content, but found '<stream end>'",
    ]


NESTED = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
ENDLESS = {
    "[" * 5000: f"more than {DEEPEST} lists and mappings inside each other",
    "a: &a [*a]": "nothing is marked as &a before this",
    "\n".join(
        ["a0: &a0 [1]", *NESTED]
    ): f"more than {LARGEST} values, with those that aliases repeat",
    'a: "\\UFFFFFFFF"': "not YAML: ",
    "%YAML 1." + "9" * 5000 + "\n--- a": "not YAML: ",
    "a\x00b": "not YAML: ",
    "a: 1\n---\nb: 2": "a second document; give one",
}


@pytest.mark.parametrize("text, why", ENDLESS.items(), ids=range(len(ENDLESS)))
def test_what_grows_or_has_no_end_is_refused(text: str, why: str) -> None:
    problems = parse(text, "net.yaml").problems
    assert len(problems) == 1 and why in problems[0] and "\n" not in problems[0]


def test_mutated_texts_are_read_or_refused_in_lines() -> None:
    draw = random.Random(0)
    for _ in range(300):
        text = list(TEXT)
        for _ in range(draw.randint(1, 6)):
            text[draw.randrange(len(text))] = draw.choice("[]{}:,&*!|>'\"#%@?-\t\n \\~é0")
        root, problems = parse("".join(text), "net.yaml")
        assert root is not None or problems
        assert all("\n" not in line and line.startswith("net.yaml") for line in problems)
