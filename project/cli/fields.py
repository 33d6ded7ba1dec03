"""What a hyperparameter's field can say of itself, and the checks that follow from it."""

import math
import re
from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from project import plugs
from project.cli.numbers import inside, number, whole_number
from project.words.telling import did_you_mean, quoted


class Field:
    """What is known of one hyperparameter; name and type are those of the attribute it stands for.

    None of `dataclasses`, which loads `inspect`: 20 ms that --help need not pay.

    Attributes:
        name: in Python.
        type: as annotated.
        default: the value where nothing gives one.
        metadata: what `flag` was told besides.
    """

    name: str
    type: Any

    def __init__(self, default: Any, metadata: dict[str, Any]) -> None:
        self.default, self.metadata = default, metadata

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.type = name, owner.__annotations__[name]


def flag(default: Any, help: str, **metadata: Any) -> Any:
    """A field of `Hyperparameters`.

    Args:
        default: value when neither the command line, a file nor the environment gives one.
        help: one sentence, with the unit where there is one.
        metadata: `section` (heading in the help from this field on), `choices` (a tuple), `plug` (a
            kind of plugs, which are the choices), `weighted` (whether these are terms of a sum,
            NAME*WEIGHT), `of_classes` (whether it holds weights of classes, or a file of them),
            `curves` (whether it holds courses of settings, see `cli.curves`),
            `of_recipe` (whether it holds the text of a recipe, given as its file), `addresses`
            (whether it holds addresses with tokens, see `cli.addresses`), `short` (a shorter name
            for it), `bounds` (an interval such as "(0, 1]"), `sweep` (an interval or choices worth
            searching; "log" in front for a logarithmic scale), `pattern` (a regular expression),
            `clears` (a word for no value at all, such as "none"), `env` (an environment variable
            that replaces the default).
    """
    return Field(default, {"help": help, **metadata})


def flag_name(name: str) -> str:
    """The command-line spelling of a field: `learning_rate` is `--learning-rate`."""
    return "--" + spelled(name).replace("_", "-")


def spelled(name: str) -> str:
    """A field's name in files and records: `from_`, as Python has a word `from`, is `from`."""
    return name.removesuffix("_")


def kind_of(f: Field) -> Any:
    """A field's annotated type, `X` for `X | None`."""
    if isinstance(f.type, UnionType):
        return next(k for k in get_args(f.type) if k is not NoneType)
    return f.type


def choices_of(f: Field) -> tuple[Any, ...] | None:
    """The values a field can take, or None if it is not a choice."""
    if "plug" in f.metadata:
        return plugs.names(f.metadata["plug"]) + f.metadata.get("extra", ())
    return f.metadata.get("choices")


def is_tuple(f: Field) -> bool:
    """Whether a field holds several values."""
    return get_origin(kind_of(f)) is tuple


def convert(f: Field, value: Any) -> Any:
    """`value` as the field's type: a text as after a flag, or a plain value as a record holds it.

    A flag, a config file and the environment all give texts, so that each spelling means the same
    everywhere: numbers are decimal (1, 010, 1.0 and 1e0 are one), true and false are booleans, and
    none (or null, or ~) is the absence of an optional value.

    Raises:
        ValueError: it can't be one; the message names the flag, the value and the type.
    """
    if isinstance(f.type, UnionType) and (value is None or _is_none(value)):
        return None
    kind = kind_of(f)
    if get_origin(kind) is tuple:
        item_kinds = get_args(kind)
        none = () if value is None else (value,)
        items = value if isinstance(value, (list, tuple)) else none
        if item_kinds[-1] is not Ellipsis and len(items) != len(item_kinds):
            raise ValueError(
                f"{flag_name(f.name)} needs {len(item_kinds)} values, got {len(items)}"
            )
        return _read(f, tuple(_scalar(f, item_kinds[0], item) for item in items))
    if isinstance(value, (list, tuple)):
        raise ValueError(f"{flag_name(f.name)} takes one value, not a list of {len(value)}")
    found = _scalar(f, kind, value)
    if f.metadata.get("of_recipe"):
        from project.cli.recipes import read  # which few runs need

        return read(flag_name(f.name), found)
    return found


def _read(f: Field, items: tuple) -> tuple:
    """Values in one spelling, those of a file in place of its name."""
    if "clears" in f.metadata and items == (f.metadata["clears"],):
        return ()
    if f.metadata.get("of_classes"):
        from project.cli.class_weights import read  # which few runs need

        return read(flag_name(f.name), items)
    if f.metadata.get("curves"):
        from project.cli.curves import canonical as spelled_alike  # which few runs need

        return spelled_alike(items)
    if f.metadata.get("weighted"):
        from project.plugs.weighted import canonical

        return canonical(items)
    return items


def recorded(f: Field, value: Any) -> Any:
    """A value as records hold it: a list for a tuple, but one term of a sum alone by itself."""
    if isinstance(value, tuple):
        return value[0] if f.metadata.get("weighted") and len(value) == 1 else list(value)
    return value


def _is_none(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in ("none", "null", "~")


def _scalar(f: Field, kind: type, value: Any) -> Any:
    texts = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    read = _FROM_TEXT if isinstance(value, str) else _FROM_PLAIN
    found = read[kind](value)
    if found is None:
        raise ValueError(f"{flag_name(f.name)} must be {texts[kind]}, not {quoted(value)}")
    return found


def _plain_whole(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _plain_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


_FROM_TEXT: dict[type, Callable[[str], Any]] = {
    bool: lambda text: {"true": True, "false": False}.get(text.lower()),
    int: whole_number,
    float: number,
    str: lambda text: text,
}
_FROM_PLAIN: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: value if isinstance(value, bool) else None,
    int: _plain_whole,
    float: _plain_number,
    str: lambda value: None,
}


def value_problems(f: Field, value: Any) -> Iterator[str]:
    """What is wrong with a field's value: no choice, out of bounds or malformed; a line each."""
    if f.metadata.get("weighted"):
        from project.plugs import weighted

        yield from weighted.problems(flag_name(f.name), value)
        value = tuple(weighted.plugs_of(value))
    if f.metadata.get("of_classes") and value:
        from project.cli.class_weights import problems

        yield from problems(flag_name(f.name), value)
    if f.metadata.get("curves") and value:
        from project.cli import curves

        yield from curves.problems(flag_name(f.name), value)
    if f.metadata.get("addresses"):
        if value:
            from project.cli import addresses  # which few runs need

            yield from addresses.problems(flag_name(f.name), value)
        return
    for item in value if isinstance(value, tuple) else (value,):
        if item is None:
            continue
        name, choices, bounds = flag_name(f.name), choices_of(f), f.metadata.get("bounds")
        if "plug" in f.metadata and item not in f.metadata.get("extra", ()):
            yield from _plug_problems(f, item)
        elif choices is not None and item not in choices:
            yield _unknown(name, item, choices)
        if bounds is not None and not inside(item, bounds):
            yield f"{name} must be in {bounds}, not {quoted(item)}"
        if isinstance(item, str) and (bad := re.search("[\0\ud800-\udfff]", item)):
            # Neither a path nor a record can hold it; the second is how Python has bytes of argv.
            yield f"{name} {quoted(item)} holds {bad[0]!r}, which is no character of UTF-8 text"
        elif "pattern" in f.metadata and not re.fullmatch(f.metadata["pattern"], item):
            yield f"{name} {quoted(item)} is not of the form {f.metadata['pattern']}"


def _plug_problems(f: Field, text: str) -> Iterator[str]:
    choices = choices_of(f)
    if text.partition(":")[0] not in choices and ":" not in text:
        yield _unknown(flag_name(f.name), text, choices)
        return
    try:
        plugs.find(f.metadata["plug"], text)
    except (ValueError, OSError) as error:
        yield str(error)


def _unknown(name: str, value: Any, choices: tuple[Any, ...]) -> str:
    near = did_you_mean(value, choices) if isinstance(value, str) else ""
    return f"{name} {quoted(value)} is unknown{near} (choices: {', '.join(map(str, choices))})"
