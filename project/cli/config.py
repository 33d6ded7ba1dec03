"""Config files: flags by name, in YAML, whose values are read as after a flag on the command line.

YAML's events are read as they come, not the tree they make: values keep the text that was typed
(YAML itself makes 8 of 010 and 90 of 1:30), each has its position, and neither depth nor aliases
grow.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from project.files.marked_yaml import read_text
from project.words.telling import clipped, quoted

if TYPE_CHECKING:
    import yaml

    from project.cli.objects import Object

SCHEDULES = "schedules"  # the name whose value may be curves
# What YAML would not read back as it stands, even between quotes: what it takes for the end of a
# line, for a mark of the encoding, or for no character at all.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Entry:
    """A name in a config file.

    Attributes:
        name: of the field, as it is spelled in Python.
        value: the text or texts that stand there, objects among them; None where nothing stands.
        position: `file:line:column` of the name.
        faults: what is wrong with curves, a line each.
    """

    name: str
    value: "str | Object | list[str | Object] | None"
    position: str
    faults: tuple[str, ...] = ()


def read_config(
    path: str,
    short: Mapping[str, str] = MappingProxyType({}),
    objects: Collection[str] = (),
    curves: Mapping[str, str] = MappingProxyType({}),
) -> list[Entry]:
    """The entries of a config file, in its order.

    Args:
        path: of the file.
        short: names that stand for others.
        objects: names whose values may be objects.
        curves: bounds of the settings that may have a course, by name.

    Raises:
        ValueError: it is too large, no text, no YAML, or holds more than names with values; one
            line with the position.
        OSError: it can't be read.
    """
    # PyYAML is needed only with --config; importing it costs every start-up 15 ms.
    import yaml

    text = read_text(path, "file of flags")
    try:
        events = yaml.parse(text, yaml.SafeLoader)
        return _Reader(path, short, objects, curves, events).entries()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = clipped(str(error.problem), 200)
        raise ValueError(f"{_position(path, mark)}: not YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def config_text(values: dict[str, Any]) -> str:
    """A config file that, given to `--config`, asks for exactly these plain values."""
    return "".join(f"{name}: {_written(value)}\n" for name, value in values.items())


def _written(value: Any) -> str:
    if value is None:
        return "none"
    # A JSON value is a YAML value, but for a few characters.
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _position(path: str, mark: Any) -> str:
    return path if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"


class _Reader:
    def __init__(
        self,
        path: str,
        short: Mapping[str, str],
        objects: Collection[str],
        curves: Mapping[str, str],
        events: "Iterator[yaml.Event]",
    ) -> None:
        self._path, self._short = path, short
        self._objects, self._curves, self._events = objects, curves, events
        self._anchors: dict[str, Any] = {}
        self._seen: dict[str, str] = {}

    def entries(self) -> list[Entry]:
        found: list[Entry] = []
        next(self._events)  # the start of the stream
        if self._kind(next(self._events)) == "StreamEnd":
            return found
        first = next(self._events)
        if self._kind(first) == "Scalar" and self._empty(first):
            return found
        if self._kind(first) != "MappingStart":
            self._refuse(first, "flags by name belong here, such as 'learning_rate: 0.01'")
        self._value_start(first)
        while self._kind(key := next(self._events)) != "MappingEnd":
            found.append(self._entry(key))
        next(self._events)  # the end of the document
        if self._kind(after := next(self._events)) != "StreamEnd":
            self._refuse(after, "a second document; give one")
        return found

    def _entry(self, key: Any) -> Entry:
        if self._kind(key) != "Scalar":
            self._refuse(key, "the name of a flag belongs here")
        self._value_start(key)
        name, position = key.value.replace("-", "_"), _position(self._path, key.start_mark)
        name = self._short.get(name, name)
        if name in self._seen:
            first = self._seen[name].removeprefix(self._path + ":")
            self._refuse(key, f"{clipped(name, 60)} is given twice (first at {first}); leave one")
        self._seen[name] = position
        self._kind_of = name if name in self._objects else ""
        event = next(self._events)
        if name == SCHEDULES and self._curves and self._kind(event) == "MappingStart":
            from project.cli.curve_files import read_curves  # which few files need

            self._value_start(event)
            values, faults = read_curves(self._events, self._refuse, self._at, self._curves)
            return Entry(name, values, position, tuple(faults))
        return Entry(name, self._value(event), position)

    def _at(self, event: Any) -> str:
        return _position(self._path, event.start_mark)

    def _value(self, event: Any) -> "str | Object | list[str | Object] | None":
        if self._kind_of and self._kind(event) == "MappingStart":
            from project.cli.objects import read_object  # which few files need

            self._value_start(event)
            return read_object(self._kind_of, event, self._events, self._refuse)
        if self._kind(event) == "Alias":
            if event.anchor not in self._anchors:
                self._refuse(event, f"nothing is marked as &{clipped(event.anchor, 60)}")
            return self._anchors[event.anchor]
        self._value_start(event)
        value = self._items() if self._kind(event) == "SequenceStart" else self._scalar(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _items(self) -> "list[str | Object]":
        items = []
        while self._kind(event := next(self._events)) != "SequenceEnd":
            item = None if self._kind(event) == "SequenceStart" else self._value(event)
            if item is None or isinstance(item, list):
                self._refuse(event, "a list holds values, not lists or nothing")
            items.append(item)
        return items

    def _scalar(self, event: Any) -> str | None:
        if self._kind(event) != "Scalar":
            self._refuse(event, "a value is a text, a number or a list of these, no mapping")
        return None if self._empty(event) else event.value

    def _value_start(self, event: Any) -> None:
        if getattr(event, "tag", None) is not None:
            fix = "write the value as after its flag"
            self._refuse(event, f"tags such as {quoted(event.tag)} are not read; {fix}")

    def _refuse(self, event: Any, why: str) -> None:
        raise ValueError(f"{_position(self._path, event.start_mark)}: {why}")

    @staticmethod
    def _kind(event: Any) -> str:
        return type(event).__name__.removesuffix("Event")

    @staticmethod
    def _empty(event: Any) -> bool:
        """Whether nothing stands there; quotes are something."""
        return event.value == "" and event.style is None
