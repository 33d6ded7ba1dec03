"""Objects in config files: `model: {object: pkg.mod:Net, args: {width: 64}}`.

A value of `args` has the type that YAML gives it, but that numbers are decimal and whole ones have
no sign of being octal; where it is a flag of the plug's own, it means what it means after that.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

from project import plugs
from project.cli.numbers import number
from project.plugs.objects import PLAIN
from project.words.telling import did_you_mean, quoted

_NAME = re.compile(r"[^\W\d]\w*")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_FORM = "{object: MODULE:NAME, args: {NAME: VALUE}}"


class Object(NamedTuple):
    """What is chosen by an object.

    Attributes:
        text: as it is chosen without arguments.
        args: plain values by name.
    """

    text: str
    args: dict[str, Any]


def read_object(
    kind: str, start: Any, events: Iterator[Any], refuse: Callable[[Any, str], NoReturn]
) -> Object:
    """The object whose mapping has begun, up to its end.

    Args:
        kind: of plug.
        start: the event that began it.
        events: of YAML, that follow.
        refuse: raises ValueError for an event, and why.
    """
    found: dict[str, Any] = {}
    while _kind(key := next(events)) != "MappingEnd":
        name = getattr(key, "value", None)
        if name not in ("object", "args"):
            near = did_you_mean(str(name), ("object", "args"))
            refuse(key, f"{kind}: write {_FORM}, not {quoted(name)}{near}")
        if name in found:
            refuse(key, f"{kind}: {name} is given twice; leave one")
        event = next(events)
        if name == "object" and (_kind(event) != "Scalar" or not event.value):
            refuse(event, f"{kind}: object is a text, such as mynets.unet:Net")
        found[name] = event.value if name == "object" else _args(kind, event, events, refuse)
    if "object" not in found:
        refuse(start, f"{kind}: its object is missing: write {_FORM}")
    return Object(found["object"], found.get("args", {}))


def _args(
    kind: str, start: Any, events: Iterator[Any], refuse: Callable[[Any, str], NoReturn]
) -> dict[str, Any]:
    if _kind(start) == "Scalar" and start.value == "" and start.style is None:
        return {}
    if _kind(start) != "MappingStart":
        refuse(start, f"{kind}: args are a mapping of names to values, such as {{width: 64}}")
    found: dict[str, Any] = {}
    while _kind(key := next(events)) != "MappingEnd":
        if _kind(key) != "Scalar" or not _NAME.fullmatch(key.value.replace("-", "_")):
            refuse(key, f"{kind}: the name of an argument belongs here")
        name, event = key.value.replace("-", "_"), next(events)
        if name in found:
            refuse(key, f"{kind}: {name} is given twice; leave one")
        found[name] = _value(f"{kind}.args.{name}", event, events, refuse)
    return found


def _value(
    name: str, event: Any, events: Iterator[Any], refuse: Callable[[Any, str], NoReturn]
) -> Any:
    if _kind(event) == "SequenceStart":
        items = []
        while _kind(item := next(events)) != "SequenceEnd":
            if _kind(item) == "SequenceStart":
                refuse(item, f"{name}: {PLAIN} belongs here, no list in a list")
            items.append(_value(name, item, events, refuse))
        return items
    if _kind(event) != "Scalar" or event.tag is not None:
        refuse(event, f"{name}: {PLAIN} belongs here")
    return event.value if event.style is not None else plain(event.value)


def plain(text: str) -> Any:
    """The value that a word without quotes stands for."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if re.fullmatch(r"[+-]?[0-9]{1,300}", text):
        return int(text)
    value = number(text)
    return text if value is None or not math.isfinite(value) else value


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def apart(value: Any) -> tuple[Any, dict[str, dict[str, Any]]]:
    """A file's value as its flag takes it, and the arguments of the objects in it, by text.

    Raises:
        ValueError: one is there twice.
    """
    items = value if isinstance(value, list) else [value]
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        if isinstance(item, Object):
            text = plugs.unweighted(item.text)
            if text in found:
                raise ValueError(f"{text} is there twice, with args of its own: leave one out")
            found[text] = item.args
    texts = [item.text if isinstance(item, Object) else item for item in items]
    return texts if isinstance(value, list) else texts[0], found
