"""Search spaces of NNI: JSON with `_type` and `_value` for each flag.

Source: https://nni.readthedocs.io/en/stable/hpo/search_space.html (NNI 3.0; archived in 2024).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from project.files.marked_yaml import Node
from project.search.ranges.wish import Wish
from project.words.telling import did_you_mean, quoted

_TYPE, _VALUE, _NAME = "_type", "_value", "_name"
# How many numbers each type has.
_NUMBERS = {
    **{"randint": 2, "uniform": 2, "quniform": 3, "loguniform": 2, "qloguniform": 3},
    **{"normal": 2, "qnormal": 3, "lognormal": 2, "qlognormal": 3},
}


def is_one(root: Node) -> bool:
    """Whether a file is a space of NNI."""
    nodes = root.value.values() if isinstance(root.value, dict) else ()
    return any(isinstance(node.value, dict) and _TYPE in node.value for node in nodes)


def wishes(root: Node) -> tuple[list[Wish], list[str]]:
    """What it asks for, and a line for each mistake."""
    found, problems = [], []
    for made in _all(root.value, None):
        (found if isinstance(made, Wish) else problems).append(made)
    return found, problems


def _all(nodes: Mapping[str, Node], when: str | None) -> Iterator[Wish | str]:
    for name, node in nodes.items():
        try:
            yield from _each(name, node, when)
        except ValueError as error:
            yield f"{node.place}: {name}: {error}"


def _each(name: str, node: Node, when: str | None) -> Iterator[Wish | str]:
    said = node.value
    if not isinstance(said, dict) or said.keys() != {_TYPE, _VALUE}:
        raise ValueError(f"a flag of NNI's spaces has {_TYPE} and {_VALUE}, not {node.told}")
    kind, values = said[_TYPE].plain, said[_VALUE]
    if not isinstance(values.value, list):
        raise ValueError(f"{_VALUE} is a list, not {values.told}")
    if kind == "choice":
        yield from _choice(name, node.place, values.value, when)
        return
    if kind not in _NUMBERS:
        near = did_you_mean(str(kind), [*_NUMBERS, "choice"])
        raise ValueError(f"unknown {_TYPE} {quoted(kind)}{near}")
    yield _number(name, node.place, str(kind), values.plain, when)


def _number(name: str, place: str, kind: str, numbers: list[Any], when: str | None) -> Wish:
    bad = [each for each in numbers if isinstance(each, bool) or not isinstance(each, (int, float))]
    if bad or len(numbers) != _NUMBERS[kind]:
        raise ValueError(f"{kind} takes {_NUMBERS[kind]} numbers, not {quoted(numbers)}")
    first, second, *step = numbers
    q = step[0] if step else None
    if q is not None and not q > 0:
        raise ValueError(f"the last number of {kind} is a step above 0, not {q:g}")
    log = "log" in kind
    if kind.endswith("normal"):
        return Wish(name, place, mean=first, spread=second, log=log, step=q, when=when)
    if kind == "randint":
        # Of NNI's, the upper end is left out.
        return Wish(name, place, low=first, high=second - 1, when=when)
    if kind == "quniform":
        # NNI has the multiples of q; its ends count only if they are such.
        first, second = (edge(end / q) * q for edge, end in ((_up, first), (_down, second)))
    return Wish(name, place, low=first, high=second, log=log, step=q, when=when)


def _up(value: float) -> int:
    return math.ceil(round(value, 9))


def _down(value: float) -> int:
    return math.floor(round(value, 9))


def _choice(name: str, place: str, nodes: list[Node], when: str | None) -> Iterator[Wish | str]:
    choices = []
    for node in nodes:
        nested = isinstance(node.value, dict)
        choices.append(node.value[_NAME].plain if nested and _NAME in node.value else node.plain)
        if nested and _NAME not in node.value:
            raise ValueError(f"a choice with flags of its own needs a {_NAME}")
    yield Wish(name, place, choices=tuple(choices), when=when)
    flag = name.lstrip("-").replace("-", "_")
    for node, choice in zip(nodes, choices, strict=True):
        if isinstance(node.value, dict):
            own = {word: each for word, each in node.value.items() if word != _NAME}
            here = f'{flag} == "{choice}"'
            yield from _all(own, here if when is None else f"{when} and {here}")
