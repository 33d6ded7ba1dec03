"""Plugs' own flags: `class Settings` in a plug's file, read as literals, without importing it."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from project import plugs
from project.cli.fields import Field, convert, flag, flag_name, value_problems
from project.files.sources import tree, value_of
from project.plugs.texts import reader, text_of, wrong

_KINDS = {"int": int, "float": float, "str": str, "bool": bool}
_TOLD = ("help", "choices", "bounds", "sweep", "pattern")
_BOUNDS = re.compile(r"[\[(] *[+-]?[\d.einf+-]+ *, *[+-]?[\d.einf+-]+ *[\])]")
_FORM = "write NAME: TYPE = VALUE, or NAME: TYPE = flag(VALUE, HELP, bounds=..., choices=...)"
_TYPES = "int, float, str, bool, tuple[one of these, ...], or one of these with | None"


@dataclass(frozen=True)
class Setting:
    """A flag of a plug's own.

    Attributes:
        plug: the plug's name.
        field: as a hyperparameter's is.
        owner: the plug in words, `--model attention`.
        place: file and line.
    """

    plug: str
    field: Field
    owner: str
    place: str

    @property
    def name(self) -> str:
        """As in Python, `n_heads`."""
        return self.field.name


def settings_of(
    chosen: Iterable[tuple[str, str]],
    taken: Iterable[str] = (),
    texts: Mapping[str, str] = MappingProxyType({}),
) -> tuple[dict[str, Setting], list[str]]:
    """The own flags of the plugs that were chosen, by name, and a line for each mistake in them.

    Args:
        chosen: kinds and what was chosen of each; what is no plug is passed over.
        taken: names of the run's own flags.
        texts: of the files that were chosen, as far as flags hold them; see `plugs.texts`.
    """
    found, problems, files = {}, [], set()
    taken = {"help", "config", "print_config", "traceback", "half_precision", "plugs", *taken}
    for kind, text in chosen:
        try:
            plug = plugs.find(kind, text)
            problems += wrong(kind, text, texts)
            own = [] if plug.path in files else read(plug, texts)
        except (ValueError, OSError) as error:
            problems += [] if str(error).startswith(f"--{kind}") else [str(error)]
            continue
        files.add(plug.path)
        for setting in own:
            name = setting.name
            if taken & {name, name.removeprefix("no_"), f"no_{name}"}:
                why = f"{flag_name(name)} is a flag of every run; give yours another name"
                problems.append(f"{setting.place}: {why}")
            elif (other := found.setdefault(name, setting)) is not setting:
                problems.append(
                    f"{flag_name(name)} is a flag of both {other.owner} ({other.place}) and"
                    f" {setting.owner} ({setting.place}); rename one"
                )
    return found, problems


def read(plug: plugs.Plug, texts: Mapping[str, str] = MappingProxyType({})) -> list[Setting]:
    """A plug's own flags, in the order of its file, or of the file that is its variant.

    Args:
        plug: that was chosen.
        texts: as of `settings_of`.

    Raises:
        ValueError: they are not written as they must be; one line with the place.
        OSError: the file can't be read.
    """
    if not plugs.has_settings(plug):
        return []
    owner = f"--{plug.kind} {plug.text}"
    return [
        Setting(plug.name, f, owner, f"{plug.path}:{line}")
        for node in tree(plug.path).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
        for f, line in _fields(plug.path, node)
    ] + _of_text(plug, owner, texts)


def _of_text(plug: plugs.Plug, owner: str, texts: Mapping[str, str]) -> list[Setting]:
    """The flags that a file declares which is a plug's variant."""
    if (reading := reader(plug.kind, plug.text)) is None:
        return []
    path, text = str(plug.part), text_of(plug.kind, plug.text, texts)
    found = reading.settings(text, path).values()
    return [Setting(plug.name, f, owner, f"{path}:{line}") for f, line in found]


def elsewhere(name: str, known: Iterable[tuple[str, str]]) -> str | None:
    """Which of the plugs `known` has a flag of this name, `--model attention`; None if none has."""
    for kind, plug in known:
        try:
            own = read(plugs.find(kind, plug))
        except (ValueError, OSError):
            continue
        if name in [setting.name for setting in own]:
            return f"--{kind} {plug}"
    return None


def completed(
    settings: Iterable[Setting], values: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The values of all settings, by plug and name, and a line for each thing wrong with them.

    Args:
        settings: of the plugs that were chosen.
        values: plain ones, by plug and name; those of other plugs are passed over.
    """
    found: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for setting in settings:
        given = values.get(setting.plug)
        given = given if isinstance(given, Mapping) else {}
        value = given.get(setting.name, setting.field.default)
        try:
            value = convert(setting.field, value)
            problems += dict.fromkeys(value_problems(setting.field, value))
        except ValueError as error:
            problems.append(str(error))
        found.setdefault(setting.plug, {})[setting.name] = value
    for plug, own in found.items():
        given = values.get(plug)
        unknown = set(given if isinstance(given, Mapping) else ()) - own.keys()
        problems += [f"{plug} has no flag {flag_name(str(name))}" for name in sorted(unknown)]
    return found, problems


def nested(settings: Mapping[str, Setting], values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings among flat values, by plug and name."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name in settings:
            found.setdefault(settings[name].plug, {})[name] = value
    return found


def _fields(path: str, node: ast.ClassDef) -> Iterator[tuple[Field, int]]:
    for line in node.body:
        if isinstance(line, ast.Pass) or _is_text(line):
            continue
        named = isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        if not named or line.value is None:
            raise ValueError(f"{path}:{line.lineno}: Settings is read without running it: {_FORM}")
        yield _field(path, line), line.lineno


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(getattr(line.value, "value", None), str)


def _field(path: str, line: ast.AnnAssign) -> Field:
    name, place = f"Settings.{line.target.id}", f"{path}:{line.lineno}"
    kind, node, told = _kind(line.annotation), line.value, {}
    if kind is None:
        raise ValueError(f"{place}: {name} is of no type that a flag can have: {_TYPES}")
    if isinstance(node, ast.Call) and _called(node) == "flag":
        told = {key.arg: value_of(key.value, path, name) for key in node.keywords}
        positional = [value_of(argument, path, name) for argument in node.args]
        told |= dict(zip(("default", "help"), positional, strict=False))
        if len(positional) > 2 or "default" not in told or told.keys() - {"default", *_TOLD}:
            raise ValueError(f"{place}: {name}: flag takes VALUE, HELP and {', '.join(_TOLD[1:])}")
        default = told.pop("default")
    else:
        default = value_of(node, path, name)
    made: Field = flag(default, told.pop("help", ""), **told)
    made.name, made.type = line.target.id, kind
    try:
        check(made)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{place}: {name}: {error}") from None
    return made


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def check(f: Field) -> None:
    """Raise ValueError or TypeError where a setting's facts don't fit its type."""
    known = f.metadata
    if "bounds" in known and not _BOUNDS.fullmatch(str(known["bounds"])):
        raise ValueError(f"bounds {known['bounds']!r} are not of the form '[0, 1)'")
    if "choices" in known and not isinstance(known["choices"], tuple):
        raise ValueError(f"choices {known['choices']!r} are no tuple")
    if "pattern" in known:
        re.compile(known["pattern"])
    f.default = convert(f, f.default)
    for problem in value_problems(f, f.default):
        raise ValueError(problem)


def _kind(node: ast.expr) -> Any:
    """The type that an annotation names; None if it is none that a flag can have."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        none = isinstance(node.right, ast.Constant) and node.right.value is None
        kind = _kind(node.left) if none else None
        return None if kind is None or not isinstance(kind, type) else kind | None
    if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "tuple":
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        first = _KINDS.get(getattr(items[0], "id", ""))
        last = items[-1]
        if len(items) == 2 and isinstance(last, ast.Constant) and last.value is Ellipsis:
            return None if first is None else tuple[first, ...]
        kinds = [_KINDS.get(getattr(item, "id", "")) for item in items]
        return tuple[tuple(kinds)] if None not in kinds and len(set(kinds)) == 1 else None
    return _KINDS.get(getattr(node, "id", ""))
