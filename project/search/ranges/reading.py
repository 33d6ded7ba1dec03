"""`--space FILE`: ranges, conditions and exclusions, in YAML or as NNI has them.

learning_rate: log [1e-4, 1e-1]            # as on a field; [LOW, HIGH] needs quotes in YAML
batch_size: [32, 64, 128]                  # a list is a choice
dropout:                                   # nothing: the range that stands on the field
hidden_dim: {low: 64, high: 512, step: 64}
momentum: {range: "[0.8, 0.99]", when: optimizer == sgd}
exclude:
  - batch_size == 32 and learning_rate > 0.01
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from project.files.marked_yaml import Node, parse, read_text
from project.search.ranges import nni
from project.search.ranges.wish import RANGE, Wish
from project.search.ranges.wish import read as read_range
from project.words.telling import did_you_mean, quoted

EXCLUDE = "exclude"
_WORDS = ("range", "choices", "low", "high", "log", "step", "mean", "spread", "when")
_NUMBERS = ("low", "high", "step", "mean", "spread")

Read = tuple[list[Wish], tuple[tuple[str, str], ...], list[str]]


def read(file: Path) -> Read:
    """The wishes of a file, its exclusions with their places, and a line for each mistake."""
    try:
        text = read_text(str(file), "space")
    except OSError as error:
        return [], (), [f"--space {file}: {error.strerror}"]
    except ValueError as error:
        return [], (), [str(error)]
    root, problems = parse(text, str(file))
    if problems:
        return [], (), problems
    if root is None or not isinstance(root.value, dict):
        return (
            [],
            (),
            [f"{file}: flags with their ranges belong here: learning_rate: log [1e-4, 1]"],
        )
    if nni.is_one(root):
        wishes, problems = nni.wishes(root)
        return wishes, (), problems
    return _own(root.value)


def _own(nodes: Mapping[str, Node]) -> Read:
    wishes, problems = [], []
    excludes, wrong = _excludes(nodes[EXCLUDE]) if EXCLUDE in nodes else ((), [])
    for name, node in nodes.items():
        if name == EXCLUDE:
            continue
        try:
            wishes.append(_wish(name, node))
        except ValueError as error:
            problems += [f"{node.place}: {name}: {line}" for line in str(error).splitlines()]
    return wishes, excludes, problems + wrong


def _excludes(node: Node) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    nodes = node.value if isinstance(node.value, list) else [node]
    bad = [each for each in nodes if not isinstance(each.value, str)]
    why = "a condition belongs here, such as batch_size == 32 and learning_rate > 0.01"
    problems = [f"{each.place}: {EXCLUDE}: {why}, not {each.told}" for each in bad]
    return tuple((str(each.value), f"{each.place}: {EXCLUDE}") for each in nodes), problems


def _wish(name: str, node: Node) -> Wish:
    said = node.plain
    if said is None:
        return Wish(name, node.place)
    if not isinstance(said, dict):
        return read_range(name, node.place, said)
    for word in said:
        if word not in _WORDS:
            near = did_you_mean(word, _WORDS) or f" (there are: {', '.join(_WORDS)})"
            raise ValueError(f"no word {quoted(word)}{near}")
    return _of_words(name, node.place, said)


def _of_words(name: str, place: str, said: Mapping[str, Any]) -> Wish:
    for word in _NUMBERS:
        if word in said and (
            isinstance(said[word], bool) or not isinstance(said[word], (int, float))
        ):
            raise ValueError(f"{word} must be a number, not {quoted(said[word])}")
    if not isinstance(said.get("log", False), bool):
        raise ValueError(f"log must be true or false, not {quoted(said['log'])}")
    if not isinstance(said.get("when", ""), str):
        raise ValueError(f"when must be a condition, not {quoted(said['when'])}")
    ways = [{"range"}, {"choices"}, {"low", "high"}, {"mean", "spread"}]
    begun = [way for way in ways if way & said.keys()]
    if len(begun) > 1 or begun and not begun[0] <= said.keys():
        raise ValueError("give one of: range; choices; low and high; mean and spread")
    own = {word: said[word] for word in ("log", *_NUMBERS, "when") if word in said}
    if "range" in said or "choices" in said:
        what = said["range"] if "range" in said else said["choices"]
        if "choices" in said and not isinstance(what, list):
            raise ValueError(f"choices are a list, not {quoted(what)}")
        return replace(read_range(name, place, what), **own)
    if "log" in own and not begun:
        raise ValueError(f"log belongs to low and high, or to a range: {RANGE}")
    return Wish(name, place, **own)
