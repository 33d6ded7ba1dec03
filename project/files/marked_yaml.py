"""YAML whose values know the line they stand in; nothing is evaluated, and all mistakes are told.

YAML's events are read as they come: neither depth nor aliases grow, no tag is read, and a name is
there once. What is not quoted is a number, true, false or null where it looks like one in YAML
1.2's sense: 1e-3 is a number, and `no`, 1:30 and 0x10 are texts.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from project.words.telling import clipped, quoted

if TYPE_CHECKING:
    import yaml

LONGEST = 2**18  # bytes of a file
DEEPEST = 40  # lists and mappings inside each other
LARGEST = 20_000  # values, those that aliases repeat among them
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"[-+]?\d{1,18}")
_REAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")

Plain = str | int | float | bool | None


@dataclass(frozen=True)
class Node:
    """A value of a file.

    Attributes:
        value: plain, a list of nodes, or nodes by name.
        path: of the file.
        line: that it begins in, from 1; of one that has a name, the name's.
        size: values in it, itself among them.
        is_quoted: whether it is a text between quotes, which stands for itself.
    """

    value: "Plain | list[Node] | dict[str, Node]"
    path: str
    line: int
    size: int = 1
    is_quoted: bool = False

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.path}:{self.line}"

    @property
    def plain(self) -> Any:
        """The value as Python has it: plain values in lists and mappings, without lines."""
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        if isinstance(self.value, dict):
            return {name: node.plain for name, node in self.value.items()}
        return self.value

    @property
    def told(self) -> str:
        """The value in a message: `a list`, `a mapping`, `nothing`, or itself."""
        if isinstance(self.value, list):
            return "a list"
        if isinstance(self.value, dict):
            return "a mapping"
        return "nothing" if self.value is None else quoted(self.value)


class Marked(NamedTuple):
    """What a text holds.

    Attributes:
        root: what it says; None where nothing can be made of it.
        problems: a line for each mistake, in the order of the text.
    """

    root: Node | None
    problems: list[str]


class _End(Exception):
    """Nothing after this can be read."""


def read_text(path: str, what: str) -> str:
    """The text of a small file that a person has written.

    Args:
        path: of the file.
        what: it should be, for the message, `file of flags`.

    Raises:
        ValueError: it is too large, or no UTF-8; one line.
        OSError: it can't be read.
    """
    with open(path, "rb") as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError(f"{path} is larger than {LONGEST // 1024} KiB: it is no {what}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8 ({error.reason}); save it as such") from None


def parse(text: str, path: str) -> Marked:
    """The values of a YAML text, and all that is wrong with how they are written.

    Args:
        text: of the file.
        path: that messages name.
    """
    # PyYAML is needed by few commands; importing it costs every start-up 15 ms.
    import yaml

    reader = _Reader(path, yaml.parse(text, yaml.SafeLoader))
    root = None
    try:
        root = reader.root()
    except _End:
        pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = path if mark is None else f"{path}:{mark.line + 1}"
        reader.problems.append(f"{at}: not YAML: {clipped(str(error.problem), 200)}")
    # PyYAML passes on what Python says of "\UFFFFFFFF", or of a version of 5,000 digits.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        reader.problems.append(f"{path}: not YAML: {clipped(' '.join(str(error).split()), 200)}")
    return Marked(root, reader.problems)


class _Reader:
    def __init__(self, path: str, events: "Iterator[yaml.Event]") -> None:
        self._path, self._events = path, events
        self._anchors: dict[str, Node] = {}
        self.problems: list[str] = []

    def root(self) -> Node | None:
        next(self._events)  # the start of the stream
        if _kind(next(self._events)) == "StreamEnd":
            return None
        node = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        if _kind(after := next(self._events)) != "StreamEnd":
            self._tell(after, "a second document; give one")
        return node

    def _node(self, event: Any, depth: int, line: int | None = None) -> Node:
        """The value that begins with an event; `line` is that of its name, if it has one."""
        kind = _kind(event)
        if kind == "Alias":
            return self._repeated(event)
        if event.tag is not None:
            self._tell(event, f"tags such as {quoted(event.tag)} are not read; leave it out")
        if depth > DEEPEST:
            self._tell(event, f"more than {DEEPEST} lists and mappings inside each other")
            raise _End
        line = _line(event) if line is None else line
        if kind == "Scalar":
            node = self._scalar(event, line)
        else:
            read = self._list if kind == "SequenceStart" else self._mapping
            value = read(depth)
            each = value if isinstance(value, list) else value.values()
            node = Node(value, self._path, line, 1 + sum(item.size for item in each))
        if node.size > LARGEST:
            self._tell(event, f"more than {LARGEST} values, with those that aliases repeat")
            raise _End
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _repeated(self, event: Any) -> Node:
        found = self._anchors.get(event.anchor)
        if found is None:
            self._tell(event, f"nothing is marked as &{clipped(event.anchor, 60)} before this")
            return Node(None, self._path, _line(event))
        return found

    def _list(self, depth: int) -> list[Node]:
        found = []
        while _kind(event := next(self._events)) != "SequenceEnd":
            found.append(self._node(event, depth + 1))
        return found

    def _mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while _kind(event := next(self._events)) != "MappingEnd":
            key = self._node(event, depth + 1)
            node = self._node(next(self._events), depth + 1, _line(event))
            name = event.value if _kind(event) == "Scalar" else None
            if name is None:
                self._tell(event, f"a name belongs here, not {key.told}")
            elif name in found:
                first = found[name].line
                why = f"{clipped(name, 60)} is given twice (first in line {first}); leave one"
                self._tell(event, why)
            else:
                found[name] = node
        return found

    def _scalar(self, event: Any, line: int) -> Node:
        is_quoted = event.style is not None
        if any("\ud800" <= c <= "\udfff" for c in event.value):
            self._tell(event, f"{quoted(event.value)} is no text: half of a character")
        value = event.value if is_quoted else _meant(event.value)
        return Node(value, self._path, line, is_quoted=is_quoted)

    def _tell(self, event: Any, why: str) -> None:
        self.problems.append(f"{self._path}:{_line(event)}: {why}")


def _meant(text: str) -> Plain:
    """What a text without quotes stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    real = float(text) if _REAL.fullmatch(text) else math.inf
    return real if math.isfinite(real) else text


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _line(event: Any) -> int:
    return event.start_mark.line + 1
